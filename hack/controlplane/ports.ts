import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** How a port is chosen; passed in by tests. */
export type Choose = () => Promise<number>

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

/**
 * A port of 127.0.0.1 that is free now. Below those that the kernel gives to outgoing connections (32768 on Linux, 49152 elsewhere): a program that is killed and
 * started again on its port finds it free.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768)
    if (await isFree(port)) return port
  }
}

const inUse = /address already in use|EADDRINUSE/

/**
 * Starts a program on so many free ports. Another one may take a port between its choice and its use: then the program says so and ends, and others are chosen.
 * @param start throws with what the program said
 */
export async function onFreePorts<T>(
  count: number,
  start: (ports: readonly number[]) => Promise<T>,
  choose: Choose = freePort,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const ports: number[] = []
    while (ports.length < count) {
      const port = await choose()
      if (!ports.includes(port)) ports.push(port)
    }
    try {
      return await start(ports)
    } catch (error) {
      if (tries === 10 || !inUse.test(String(error))) throw error
    }
  }
}
