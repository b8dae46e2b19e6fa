import { createServer, type Server } from 'node:net'

/** Ports of the guard: clients, administration, metrics. */
export const guarded = [18_080, 18_081, 9090]

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** What came to a port that was stolen, printed so that the log of the pod tells it: its length, and whether there was a key in it. */
function listenOn(port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(peer => {
      peer.on('error', () => {})
      peer.on('data', bytes => {
        const hasKey = bytes.toString('latin1').includes('btz_')
        say(`stolen ${host}:${port} ${bytes.length} bytes${hasKey ? ' WITH A KEY' : ''}`)
        peer.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}')
      })
    })
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => resolve(server))
  })
}

/** Tries for ever to get the guard's ports, in both families. A port that it has it keeps. */
export function steal(): void {
  for (const port of guarded) {
    for (const host of ['0.0.0.0', '::', '127.0.0.1', '::1']) {
      const attempt = (): void => {
        listenOn(port, host).then(
          () => say(`bound ${host}:${port}`),
          () => void setTimeout(attempt, 5),
        )
      }
      attempt()
    }
  }
}
