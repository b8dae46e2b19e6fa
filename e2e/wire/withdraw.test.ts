import { afterAll, beforeAll, expect, test } from 'vitest'
import { drainToken, operatorToken, statusKey, withdrawalKey } from '../../gateway/config/guard.ts'
import {
  maxWithdrawalBytes,
  signatureHeader,
  signWithdrawals,
  withdrawalMessages,
  type Withdrawal,
} from '../../gateway/config/withdrawal.ts'
import { keysFile, testConfig, testKey, testServer, type TestKey } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool, open, rest, send, until } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const guard = Buffer.alloc(32, 7)
const previous = Buffer.alloc(32, 6)
let upstream: ScriptedUpstream
let gateway: Played

const named = (name: string, uid: string): TestKey => testKey(name, { uid, generation: 1 })
const alice = named('alice', 'u-alice')
const bob = named('bob', 'u-bob')
const carol = named('carol', 'u-carol')
const dora = named('dora', 'u-dora')
const emil = named('emil', 'u-emil')
const all = [alice, bob, carol, dora, emil]

const config = () => testConfig([testServer('one', upstream.url)])

beforeAll(async () => {
  upstream = await scriptedUpstream()
  gateway = await playedGateway(config(), keysFile(...all), { guard: () => [guard, previous] })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const post = async (body: Buffer | string, signature?: string): Promise<number> =>
  (
    await send(gateway.adminUrl!, {
      path: '/-/withdraw',
      body,
      headers: signature === undefined ? {} : { [signatureHeader]: signature },
    })
  ).status

const withdraw = (all: readonly Withdrawal[], by = guard): Promise<number> => {
  const [message] = withdrawalMessages(all) as [Buffer]
  return post(message, signWithdrawals(message, withdrawalKey(by)))
}

const call = async ({ secret }: TestKey): Promise<string> => {
  const { status, body } = await send(gateway.url, { key: secret, ...callTool('echo', 1) })
  return status === 200 ? 'ok' : (JSON.parse(body) as { error: { data: { reason: string } } }).error.data.reason
}

const reload = (...keys: TestKey[]) =>
  gateway.apply({ gateway: JSON.stringify(config()), keys: JSON.stringify(keysFile(...keys)) })

test('a key that was withdrawn is refused, its streams and running calls end, and nobody else notices', async () => {
  const { respond } = upstream
  upstream.respond = ({ method }, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(
      method === 'GET'
        ? ':\n\n'
        : 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n\n',
    )
  }
  const streamOf = async ({ secret }: TestKey) =>
    open(gateway.url, { method: 'GET', key: secret, headers: { accept: 'text/event-stream' } })
  const [hers, his] = [await streamOf(alice), await streamOf(bob)]
  const running = await open(gateway.url, { key: alice.secret, ...callTool('echo', 'slow') })
  await until(running, 'notifications/message')
  const { hash } = gateway
  expect(await withdraw([{ uid: 'u-alice' }])).toBe(200)
  expect((await rest(running)).text).toContain('CallerRevoked')
  await rest(hers)
  expect(hers.closed).toBe(true)
  upstream.respond = respond
  expect([await call(alice), await call(bob)]).toEqual(['KeyRevoked', 'ok'])
  expect(his.closed).toBe(false)
  his.cancel()
  // What was read is what it was: whoever asks learns that the file is still to come.
  expect(gateway.hash).toBe(hash)
  expect(gateway.logs.filter(({ event }) => event === 'keys withdrawn')).toHaveLength(1)
})

test('an older file brings nothing back, one that is as new does', async () => {
  expect(await withdraw([{ uid: 'u-bob', generation: 3 }])).toBe(200)
  expect(await call(bob)).toBe('KeyRevoked')
  expect(reload(...all, testKey('another')).issues).toEqual([])
  expect([await call(bob), await call(carol)]).toEqual(['KeyRevoked', 'ok'])
  const renewed = { ...bob, entry: { ...bob.entry, generation: 3 } }
  expect(reload(alice, renewed, carol, dora, emil).issues).toEqual([])
  expect(await call(bob)).toBe('ok')
})

test('also when the policies beside it are refused', async () => {
  expect(gateway.apply({ gateway: '{', keys: JSON.stringify(keysFile(...all)) }).issues).not.toEqual([])
  expect([await call(alice), await call(carol)]).toEqual(['KeyRevoked', 'ok'])
  reload(...all)
})

test('an object made anew under the name of one that is gone has a key of its own', async () => {
  const anew = { ...alice, entry: { ...alice.entry, uid: 'u-alice-again' } }
  reload(anew, carol, dora, emil)
  expect(await call(anew)).toBe('ok')
})

test('a message that is sent again, or by the guard secret before, changes nothing that it should not', async () => {
  expect(
    await withdraw(
      [{ uid: 'u-carol', generation: 2, key: { ...carol.entry, generation: 2, allowedTools: ['echo'] } }],
      previous,
    ),
  ).toBe(200)
  const reloads = async (): Promise<string> => (await fetch(`${gateway.metricsUrl}/metrics`)).text()
  const before = await reloads()
  expect(before).toMatch(/bartizan_config_reloads_total\{result="withdrawn"\} 3/)
  expect(await withdraw([{ uid: 'u-alice' }, { uid: 'u-carol', generation: 2 }])).toBe(200)
  expect(await reloads()).toMatch(/bartizan_config_reloads_total\{result="withdrawn"\} 3/)
  expect(await call(carol)).toBe('ok')
  const other = await send(gateway.url, { key: carol.secret, ...callTool('read', 1) })
  expect(other.status).toBe(403)
})

test('a message gives nobody anything', async () => {
  const wide = { ...dora.entry, generation: 9, digests: [...dora.entry.digests, ...testKey('eve').entry.digests] }
  reload({ ...dora, entry: { ...dora.entry, allowedTools: ['read'] } })
  expect(
    await withdraw([
      { uid: 'u-dora', generation: 9, key: wide },
      { uid: 'u-eve', generation: 1, key: testKey('eve').entry },
    ]),
  ).toBe(200)
  expect((await send(gateway.url, { key: dora.secret, ...callTool('echo', 1) })).status).toBe(403)
  reload(...all)
})

test('without the signature of the operator nothing is read, whatever else is shown', async () => {
  const [message] = withdrawalMessages([{ uid: 'u-emil' }]) as [Buffer]
  const signature = signWithdrawals(message, withdrawalKey(guard))
  const wrong = [
    undefined,
    '',
    'x'.repeat(64),
    operatorToken(guard),
    drainToken(guard),
    signWithdrawals(message, statusKey(guard)),
    signWithdrawals(message, withdrawalKey(Buffer.alloc(32, 8))),
  ]
  for (const one of wrong) expect([one, await post(message, one)]).toEqual([one, 401])
  expect(await post(message.toString().replace('emil', 'bob'), signature)).toBe(401)
  const tokens = { authorization: `Bearer ${operatorToken(guard)}`, 'x-bartizan-drain': drainToken(guard) }
  const shown = await send(gateway.adminUrl!, { path: '/-/withdraw', body: message, headers: tokens })
  expect([shown.status, await call(emil)]).toEqual([401, 'ok'])
})

test('what is signed and not understood is told, what is too long is not read, and GET is nothing', async () => {
  const odd = Buffer.from('{"withdrawals":[{"uid":"u-emil","until":"tomorrow"}]}')
  expect(await post(odd, signWithdrawals(odd, withdrawalKey(guard)))).toBe(400)
  expect(await post(Buffer.alloc(maxWithdrawalBytes + 1, ' '), 'x'.repeat(64))).toBe(413)
  expect((await fetch(`${gateway.adminUrl}/-/withdraw`)).status).toBe(404)
  expect(await call(emil)).toBe('ok')
})

test('the client port knows nothing of it', async () => {
  const [message] = withdrawalMessages([{ uid: 'u-emil' }]) as [Buffer]
  const headers = { [signatureHeader]: signWithdrawals(message, withdrawalKey(guard)) }
  expect((await send(gateway.url, { path: '/-/withdraw', body: message, headers })).status).toBe(404)
  expect(await call(emil)).toBe('ok')
})
