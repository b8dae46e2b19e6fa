import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { everywhere, word } from './everywhere.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool, modern, open, openSession, rest, send, until } from '../../hack/testing/mcp-request.ts'
import {
  emptyResult,
  scriptedUpstream,
  type Respond,
  type ScriptedUpstream,
} from '../../hack/testing/scripted-upstream.ts'

const stays = testKey('stays')
const leaves = testKey('leaves')
const sse = { 'content-type': 'text/event-stream' }

let upstream: ScriptedUpstream
let gateway: Played
let open_: { readonly res: ServerResponse; readonly text: string }[] = []

const rules = [everywhere(word('forbidden'), 'Block')]
const config = (timeouts = {}) => testConfig([testServer('one', upstream.url, { timeouts, guardrails: { rules } })])

/** Opens sessions, takes notifications, and answers calls when the test says so. */
const silent: Respond = ({ body, method }, res) => {
  const text = body.toString()
  if (text.includes('"initialize"'))
    return void res
      .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's-1' })
      .end(
        '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}',
      )
  if (method === 'POST' && !text.includes('"id"')) return void res.writeHead(202).end()
  if (text.includes('as-stream') || method === 'GET' || text.includes('listen')) res.writeHead(200, sse).flushHeaders()
  open_.push({ res, text })
}

beforeAll(async () => {
  upstream = await scriptedUpstream(silent)
})
beforeEach(async () => {
  open_ = []
  upstream.respond = silent
  gateway = await playedGateway(config({ request: '20s', idle: '20s' }), keysFile(stays, leaves))
  return () => gateway.stop()
})
afterAll(() => upstream.stop())

const initialize = (key = stays.secret): Promise<string> => openSession(gateway.url, { key }, '2025-03-26')
const legacy = (name: string, id = '7') =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}"}}`
const held = async (count = 1) => {
  await expect.poll(() => open_.length).toBe(count)
  return open_.at(-1)!.res
}
const told = (): string[] =>
  upstream.seen.filter(({ body }) => body.includes('notifications/cancelled')).map(({ body }) => body.toString())
const progress =
  ': x\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"on the way"}}\n\n'

describe('a stream without its answer', () => {
  test.each([
    ['ends', (res: ServerResponse) => void res.end()],
    ['breaks', (res: ServerResponse) => void res.destroy()],
    ['ends in the middle of an event', (res: ServerResponse) => void res.end('data: {"jsonrpc":"2.0","id":"a')],
  ])('%s: the client gets an error for its id as the last event, and the audit log has it', async (_, finish) => {
    const res = await open(gateway.url, { key: stays.secret, ...callTool('as-stream', 'a') })
    const server = await held()
    server.write(progress)
    await until(res, 'on the way')
    finish(server)
    const { text, broken } = await rest(res)
    expect(broken).toBe(false)
    expect(text).toMatch(/^event: message\ndata: \{"jsonrpc":"2.0","id":"a","error":.*UpstreamUnreachable.*\}\n\n$/)
    await expect
      .poll(() => gateway.audit().at(-1))
      .toMatchObject({ event_type: 'call_ended', verdict: 'deny', code: 'UpstreamUnreachable' })
    expect(gateway.logs.at(-1)).toMatchObject({ event: 'upstream failed', fields: { code: 'UpstreamUnreachable' } })
  })

  test('every request of a batch that is left gets its error', async () => {
    const session = await initialize()
    const body = `[${legacy('as-stream', '1')},${legacy('as-stream', '2')},${legacy('as-stream', '"3"')}]`
    const res = await open(gateway.url, { key: stays.secret, headers: { 'mcp-session-id': session }, body })
    ;(await held()).end('data: {"jsonrpc":"2.0","id":2,"result":{}}\n\n')
    const { text } = await rest(res)
    expect([...text.matchAll(/"id":("3"|\d),"(error|result)"/g)].map(([, id, what]) => `${id} ${what}`)).toEqual([
      '2 result',
      '1 error',
      '"3" error',
    ])
  })

  test('a subscription is one, too', async () => {
    const res = await open(gateway.url, {
      key: stays.secret,
      ...modern('subscriptions/listen', 'L', '"notifications":{}'),
    })
    ;(await held()).end()
    expect((await rest(res)).text).toMatch(/"id":"L","error":.*UpstreamUnreachable/)
  })

  test('ends as it is where the client can come back for the rest', async () => {
    const session = await initialize()
    const headers = { 'mcp-session-id': session }
    const res = await open(gateway.url, { key: stays.secret, headers, body: legacy('as-stream') })
    ;(await held()).end('id: 1\ndata: \n\n')
    expect(await rest(res)).toMatchObject({ broken: false, text: expect.not.stringContaining('error') })
    const cut = await open(gateway.url, { key: stays.secret, headers, body: legacy('as-stream', '8') })
    const server = await held(2)
    server.write('id: 1\ndata: \n\n')
    await until(cut, 'id: ')
    server.destroy()
    expect((await rest(cut)).broken).toBe(true)
    await expect
      .poll(() => gateway.audit().at(-1))
      .toMatchObject({ event_type: 'call_ended', code: 'UpstreamUnreachable' })
  })

  test('is none when a stream that was resumed is cut again before it has an event', async () => {
    const session = await initialize()
    const headers = { 'mcp-session-id': session, accept: 'text/event-stream' }
    const res = await open(gateway.url, { key: stays.secret, headers, body: legacy('as-stream') })
    ;(await held()).end('id: 1\ndata: \n\n')
    const [, id] = /^id: (.*)$/m.exec((await rest(res)).text)!
    const again = { method: 'GET', key: stays.secret, headers: { ...headers, 'last-event-id': id! } }
    const ended = await open(gateway.url, again)
    ;(await held(2)).end()
    expect(await rest(ended)).toEqual({ broken: false, text: ':\n\n' })
    const cut = await open(gateway.url, again)
    ;(await held(3)).destroy()
    expect(await rest(cut)).toEqual({ broken: true, text: ':\n\n' })
  })

  test('is none where no session binds the ids of its events', async () => {
    const res = await open(gateway.url, { key: stays.secret, body: legacy('as-stream') })
    ;(await held()).end('id: 1\ndata: \n\n')
    expect((await rest(res)).text).toMatch(/"id":7,"error":.*UpstreamUnreachable/)
  })

  test('is none when the answer is out, or nothing was asked', async () => {
    const res = await open(gateway.url, { key: stays.secret, ...callTool('as-stream', 1) })
    ;(await held()).end('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n')
    expect((await rest(res)).text).not.toContain('error')
    const get = await open(gateway.url, { method: 'GET', key: stays.secret, headers: { accept: 'text/event-stream' } })
    ;(await held(2)).end()
    expect(await rest(get)).toMatchObject({ broken: false, text: ':\n\n' })
  })

  test('is also one that the gateway ends: a subscription that is wound up hears so under its id', async () => {
    const res = await open(gateway.url, {
      key: stays.secret,
      ...modern('subscriptions/listen', 'L', '"notifications":{}'),
    })
    await held()
    const stopped = gateway.stop()
    expect((await rest(res)).text).toMatch(/"id":"L","error":.*ShuttingDown/)
    await stopped
  })
})

describe('the server of a session is told that nobody waits any more', () => {
  const headers = (session: string) => ({ 'mcp-session-id': session })

  test.each(['plain', 'as-stream'])('after a time-out (%s)', async name => {
    const session = await initialize()
    const before = told().length
    const reply = send(gateway.url, {
      key: stays.secret,
      headers: headers(session),
      body: legacy(name, '9007199254740993'),
    })
    await held()
    gateway.pass(20_001)
    expect((await reply).body).toMatch(/"id":9007199254740993,"error":.*UpstreamTimeout/)
    await expect.poll(() => told().length).toBe(before + 1)
    expect(told().at(-1)).toContain('"params":{"requestId":9007199254740993,')
    expect(upstream.seen.at(-1)!.headers['mcp-session-id']).toBe('s-1')
  })

  test('after a revocation', async () => {
    const session = await initialize(leaves.secret)
    const before = told().length
    const reply = send(gateway.url, { key: leaves.secret, headers: headers(session), body: legacy('plain', '"x"') })
    await held()
    gateway.apply({ gateway: JSON.stringify(config()), keys: JSON.stringify(keysFile(stays)) })
    expect((await reply).status).toBe(401)
    await expect.poll(() => told().slice(before)).toEqual([expect.stringContaining('"requestId":"x"')])
  })

  test('after a revocation, also by a stream that goes on with an earlier call', async () => {
    const session = await initialize(leaves.secret)
    const before = told().length
    const more = { ...headers(session), accept: 'text/event-stream' }
    const first = await open(gateway.url, { key: leaves.secret, headers: more, body: legacy('as-stream', '31') })
    ;(await held()).end('id: 1\ndata: \n\n')
    const [, id] = /^id: (.*)$/m.exec((await rest(first)).text)!
    const again = { method: 'GET', key: leaves.secret, headers: { ...more, 'last-event-id': id! } }
    const res = await open(gateway.url, again)
    await held(2)
    gateway.apply({ gateway: JSON.stringify(config()), keys: JSON.stringify(keysFile(stays)) })
    expect((await rest(res)).text).toMatch(/"id":31,"error":.*CallerRevoked/)
    await expect.poll(() => told().slice(before)).toEqual([expect.stringContaining('"requestId":31,')])
  })

  test('at the end of a drain', async () => {
    const session = await initialize()
    const before = told().length
    const reply = send(gateway.url, { key: stays.secret, headers: headers(session), body: legacy('plain') })
    await held()
    const calls = gateway.stop()
    gateway.pass(20_001)
    expect((await reply).status).toBe(504)
    await calls
    expect(told().slice(before)).toEqual([expect.stringContaining('"requestId":7')])
  })

  test('but not of an answer that came and was withheld', async () => {
    const session = await initialize()
    const before = told().length
    const body = `[${legacy('as-stream', '1')},${legacy('as-stream', '2')},${legacy('as-stream', '3')}]`
    const res = await open(gateway.url, { key: stays.secret, headers: headers(session), body })
    ;(await held()).write(
      'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\ndata: {"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"forbidden"}]}}\n\n',
    )
    expect((await rest(res)).text).toMatch(/"id":2,"error":.*GuardrailBlocked[^]*"id":3,"error"/)
    await expect.poll(() => told().slice(before)).toEqual([expect.stringContaining('"requestId":3,')])
    const twice = await open(gateway.url, { key: stays.secret, headers: headers(session), body: legacy('as-stream') })
    ;(await held(2)).write('data: {"jsonrpc":"2.0","id":7,"result":{},"result":{}}\n\n')
    expect((await rest(twice)).text).toContain('UpstreamUnreadable')
    expect(told().length).toBe(before + 1)
  })

  test('but not when the client went away, which cancels nothing in this era', async () => {
    const session = await initialize()
    const before = told().length
    const res = await open(gateway.url, { key: stays.secret, headers: headers(session), body: legacy('as-stream') })
    await held()
    const seen = upstream.seen.at(-1)!
    res.cancel()
    await seen.closed
    // What is told is told before the connection closes: another call shows that nothing was.
    await send(gateway.url, {
      key: stays.secret,
      headers: headers(session),
      body: '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    })
    expect(told().length).toBe(before)
  })

  test('nor without a session, nor in 2026-07-28, nor of what is answered already, nor of initialize', async () => {
    const before = told().length
    const session = await initialize()
    const replies = [
      send(gateway.url, { key: stays.secret, body: legacy('plain') }),
      send(gateway.url, { key: stays.secret, ...callTool('plain', 1) }),
    ]
    await held(2)
    const stream = await open(gateway.url, {
      key: stays.secret,
      headers: headers(session),
      body: `[${legacy('as-stream', '1')},${legacy('as-stream', '2')}]`,
    })
    ;(await held(3)).write('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n')
    await until(stream, '"id":1,')
    gateway.pass(20_001)
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([504, 504])
    await rest(stream)
    await expect.poll(() => told().slice(before)).toEqual([expect.stringContaining('"requestId":2')])
  })
})

test('a call that is answered in time is told of to nobody', async () => {
  upstream.respond = emptyResult
  const before = told().length
  expect((await send(gateway.url, { key: stays.secret, body: legacy('plain') })).status).toBe(200)
  expect(told().length).toBe(before)
})
