import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { handshake } from './handshake.ts'

const stops: (() => void)[] = []
afterEach(() => stops.splice(0).forEach(stop => stop()))

/** Whoever sits on the port of a gateway, and sends the same again and again. */
async function pouring(head: string, piece: string): Promise<number> {
  const open = new Set<Socket>()
  const server = createServer(socket => {
    open.add(socket)
    const many = Buffer.from(piece.repeat(Math.ceil(60_000 / piece.length)))
    const pour = (): void => {
      if (socket.destroyed) return
      if (socket.write(many)) setImmediate(pour)
      else socket.once('drain', pour)
    }
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write(head)
      pour()
    })
  }).listen(0, '127.0.0.1')
  stops.push(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const chunked = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'

test.each([
  ['heads that announce others', '', 'HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n'],
  ['an extension of a chunk', `${chunked}1;`, 'a'],
  ['extensions of chunks', chunked, `1;${'a'.repeat(10_000)}\r\nx\r\n`],
  ['blank lines', '', '\r\n'],
])('what is no body is read to a bound, too: %s without an end', async (_, head, piece) => {
  const address = { ip: '127.0.0.1', port: await pouring(head, piece), host: 'x', certificates: [] }
  const { signal } = new AbortController()
  expect(await handshake({ address, server: 'one', token: 't', hash: 'h' }, signal)).toEqual({
    ok: false,
    reason: 'Unreachable',
    message: 'more than 16777216 bytes came from it',
  })
})
