import type { Socket } from 'node:net'
import { dial } from '../../hack/testing/raw-http.ts'

/** A connection whose owner sends and never reads. What the other side makes of it is of no interest to them. */
export async function deaf(port: number, bytes: string | Buffer): Promise<Socket> {
  const socket = await dial(port)
  socket.on('error', () => undefined)
  socket.pause()
  socket.write(bytes)
  return socket
}

/** Many of them, opened in small groups so that none is lost in the queue of the listener. */
export async function deafCrowd(port: number, count: number, bytes: string | Buffer): Promise<Socket[]> {
  const crowd: Socket[] = []
  while (crowd.length < count)
    crowd.push(
      ...(await Promise.all(Array.from({ length: Math.min(50, count - crowd.length) }, () => deaf(port, bytes)))),
    )
  return crowd
}

export const leave = (crowd: readonly Socket[]): void => crowd.forEach(socket => socket.destroy())

/** A request as bytes. */
export const requestBytes = (first: string, headers: Readonly<Record<string, string>>, body = ''): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [first, ...lines, '', body].join('\r\n')
}
