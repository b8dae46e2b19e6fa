import { expect, test } from 'vitest'
import { scriptedUpstream } from '../../e2e/wire/upstream.ts'
import { probePrincipal } from '../health/probe.ts'
import { addressJudge } from './address.ts'
import { httpUpstream, type Resolve } from './http.ts'

type Outcome = { status?: number; failed?: string; detail?: string; body: string }

const ask = (upstream: ReturnType<typeof httpUpstream>): Promise<Outcome> =>
  new Promise(resolve => {
    const outcome: Outcome = { body: '' }
    upstream.open(
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.from('{"id":1}'),
        messages: [],
        principal: probePrincipal,
      },
      {
        head: status => {
          outcome.status = status
        },
        data: chunk => {
          outcome.body += chunk.toString()
        },
        end: () => resolve(outcome),
        fail: (failed, detail) => resolve({ ...outcome, failed, detail }),
        refuse: ({ code }) => resolve({ ...outcome, failed: code }),
      },
    )
  })

const answering =
  (...turns: string[][]): Resolve =>
  (_, done) => {
    const addresses = turns.length > 1 ? turns.shift()! : turns[0]!
    done(
      null,
      addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }

test('a name is judged by the addresses that are dialled', async () => {
  const server = await scriptedUpstream()
  const { port } = new URL(server.url)
  const judge = addressJudge(['127.0.0.0/8'])
  const good = httpUpstream(`http://mcp.internal:${port}/mcp`, judge, answering(['127.0.0.1']))
  expect((await ask(good)).status).toBe(200)
  const closed = httpUpstream(`http://mcp.internal:${port}/mcp`, addressJudge([]), answering(['127.0.0.1']))
  expect(await ask(closed)).toMatchObject({ failed: 'UpstreamAddressRefused' })
  await Promise.all([good.close(), closed.close(), server.stop()])
  expect(server.seen).toHaveLength(1)
})

test('a name that changes its address after the first look-up (DNS rebinding) is judged anew at every dial', async () => {
  const server = await scriptedUpstream((_, res) => void res.writeHead(200, { connection: 'close' }).end('{}'))
  const { port } = new URL(server.url)
  const resolve = answering(['127.0.0.1'], ['169.254.169.254'])
  const upstream = httpUpstream(`http://rebind.internal:${port}/mcp`, addressJudge(['127.0.0.0/8']), resolve)
  expect((await ask(upstream)).status).toBe(200)
  expect(await ask(upstream)).toMatchObject({ failed: 'UpstreamAddressRefused' })
  await Promise.all([upstream.close(), server.stop()])
})

test('a name with one good and one refused address is refused whole', async () => {
  const upstream = httpUpstream('http://two.internal/mcp', addressJudge([]), answering(['10.0.0.1', '8.8.8.8']))
  expect(await ask(upstream)).toMatchObject({ failed: 'UpstreamAddressRefused' })
  await upstream.close()
})

test.each([
  'http://127.0.0.1:1/mcp',
  'http://[::1]:1/mcp',
  'http://[::ffff:127.0.0.1]:1/mcp',
  'http://[64:ff9b::7f00:1]:1/mcp',
  'http://2130706433:1/mcp',
  'http://0x7f.1:1/mcp',
  'http://169.254.169.254/latest/meta-data',
  'http://0.0.0.0:1/mcp',
])('the literal %s is refused without a packet', async url => {
  const upstream = httpUpstream(url, addressJudge([]))
  expect(await ask(upstream)).toMatchObject({ failed: 'UpstreamAddressRefused' })
  await upstream.close()
})

test('a server that nobody listens for is unreachable, not refused', async () => {
  const server = await scriptedUpstream()
  await server.stop()
  const upstream = httpUpstream(server.url, addressJudge(['127.0.0.0/8']))
  expect(await ask(upstream)).toMatchObject({ failed: 'UpstreamUnreachable' })
  await upstream.close()
})

test('a call is sent once, whatever becomes of it', async () => {
  const server = await scriptedUpstream((_, res) => void res.destroy())
  const upstream = httpUpstream(server.url, addressJudge(['127.0.0.0/8']))
  expect(await ask(upstream)).toMatchObject({ failed: 'UpstreamUnreachable' })
  expect(server.seen).toHaveLength(1)
  await Promise.all([upstream.close(), server.stop()])
})
