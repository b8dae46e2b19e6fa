import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that was started here and ends with `stop`. */
export type Child = { readonly port: number; stop(): Promise<void> }

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const answers = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const hard = setTimeout(() => child.kill('SIGKILL'), 5000)
  await exit
  clearTimeout(hard)
}

/**
 * Starts a Node process and waits until it takes connections on its port.
 *
 * @param args script and arguments, after Node's own flags
 * @throws when it ends first, with what it wrote to stderr, or does not listen within 30 s
 */
export async function startNode(args: readonly string[], port: number, env: NodeJS.ProcessEnv = {}): Promise<Child> {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  // A test that fails before `stop` leaves nothing running.
  process.once('exit', () => child.kill())
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000)
  })
  for (let waited = 0; waited < 30_000; waited += 50) {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}: ${said}`)
    if (await answers(port)) return { port, stop: () => stopped(child) }
    await sleep(50)
  }
  await stopped(child)
  throw new Error(`${args.join(' ')} does not listen on port ${port}: ${said}`)
}
