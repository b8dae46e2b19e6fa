import { connect, type Socket } from 'node:net'

/** Opens a connection on which the test writes bytes of its own making. */
export const dial = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })

/** Everything that comes until the other side closes, or until `enough` says so. */
export function received(socket: Socket, enough: (text: string) => boolean = () => false): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    const done = (): void => resolve(text)
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      if (enough(text)) done()
    })
    socket.on('close', done)
    socket.on('error', done)
  })
}

/** Sends bytes and reads until the gateway closes the connection or `answers` status lines have come with their bodies. */
export async function exchange(port: number, bytes: string | Buffer, answers = 1): Promise<string> {
  const socket = await dial(port)
  const text = received(socket, all => all.split('HTTP/1.1 ').length > answers && complete(all))
  socket.write(bytes)
  const answer = await text
  socket.destroy()
  return answer
}

/** The last answer's body is as long as it says. */
function complete(all: string): boolean {
  const at = all.lastIndexOf('HTTP/1.1 ')
  const end = all.indexOf('\r\n\r\n', at)
  if (end === -1) return false
  const length = /content-length: (\d+)/i.exec(all.slice(at, end))
  return length === null || all.length >= end + 4 + Number(length[1])
}

/** The status codes of the answers, in their order. */
export const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code))
