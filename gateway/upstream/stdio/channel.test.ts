import { afterEach, describe, expect, test } from 'vitest'
import {
  ask,
  closeAll,
  done,
  fixture,
  initialize,
  manualClock,
  initializeBody,
  modernRequest,
  modernTool,
  textOf,
  upstream,
} from './testdata/client.ts'
import type { Fixture } from './testdata/client.ts'

afterEach(closeAll)

const modern = () => fixture('child.ts', 'modern')
const started = (server: Fixture) => server.lines.filter(({ event }) => event === 'stdio.started').length

describe('a modern child', () => {
  test('one process serves the requests of one principal without a session', async () => {
    const server = upstream(modern())
    const heard = await Promise.all(['1', '2', '3'].map(id => done(server, { body: modernTool(id, 'pid') })))
    expect(new Set(heard.map(textOf)).size).toBe(1)
    for (const { status, headers } of heard) expect([status, headers['mcp-session-id']]).toEqual([200, undefined])
    expect(started(server)).toBe(1)
  })

  test('two principals never share a process', async () => {
    const server = upstream(modern())
    const pids = await Promise.all(['alice', 'bob'].map(who => done(server, { who, body: modernTool('1', 'pid') })))
    expect(new Set(pids.map(textOf)).size).toBe(2)
  })

  test('equal ids of two clients, and ids of every spelling, come back to their own call byte for byte', async () => {
    const server = upstream(modern())
    const ids = ['1', '1', '"1"', '9007199254740993', '9007199254740992', '"\\u0031"', '"ä"', '-5']
    const calls = ids.map((id, at) => ask(server, { body: modernTool(id, 'hold', { pad: 'x'.repeat(at * 10) }) }))
    await done(server, { body: modernTool('99', 'pid') })
    await done(server, { body: modernTool('1', 'release') })
    await Promise.all(calls.map(call => call.over))
    calls.forEach((call, at) => expect(call.body.startsWith(`{"jsonrpc":"2.0","id":${ids[at]},`)).toBe(true))
    const lengths = calls.map(call => Number(textOf(call).split(' ')[1]))
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b))
    expect(new Set(lengths).size).toBe(ids.length)
  })

  test('equal progress tokens of two clients are told apart and given back as spelled', async () => {
    const server = upstream(modern())
    const tokens = ['7', '7', '"7"', '9007199254740993']
    const heard = await Promise.all(
      tokens.map(token => done(server, { body: modernTool('1', 'progress', {}, `,"progressToken":${token}`) })),
    )
    heard.forEach((call, at) => {
      expect(call.messages()).toHaveLength(3)
      expect(call.body.split(`"progressToken":${tokens[at]},`)).toHaveLength(3)
    })
  })

  test('a client that goes away becomes notifications/cancelled with the id that the child knows', async () => {
    const server = upstream(modern())
    const gone = ask(server, { body: modernTool('"mine"', 'hold') })
    const other = ask(server, { body: modernTool('"mine"', 'hold') })
    await done(server, { body: modernTool('1', 'pid') })
    gone.call.cancel()
    const seen = textOf(await done(server, { body: modernTool('2', 'seen') }))
    const known = textOf(await done(server, { body: modernTool('3', 'waiting') })).split(',')
    expect(JSON.parse(seen)).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: Number(known[0]) },
    })
    await done(server, { body: modernTool('4', 'release') })
    await other.over
    expect([gone.status, gone.failed, other.status]).toEqual([undefined, undefined, 200])
    expect(server.dropped.unexpected).toBe(0)
  })

  test('a cancellation by message is accepted and reaches no other client of the principal', async () => {
    const server = upstream(modern())
    const waits = ask(server, { body: modernTool('1', 'hold') })
    const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}'
    const body = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,${meta}}}`
    expect((await done(server, { body })).status).toBe(202)
    expect(textOf(await done(server, { body: modernTool('2', 'seen') }))).toBe('')
    await done(server, { body: modernTool('3', 'release') })
    await waits.over
    expect(waits.status).toBe(200)
  })

  test('a subscription is an event stream under the own id of the client, and the server may end it', async () => {
    const server = upstream(modern())
    await done(server, { body: modernTool('1', 'pid') })
    const stream = ask(server, { body: modernRequest('9007199254740993', 'subscriptions/listen') })
    const second = ask(server, { body: modernRequest('"s"', 'subscriptions/listen') })
    await Promise.all([stream.until('list_changed'), second.until('list_changed')])
    expect([stream.status, stream.headers['content-type'], stream.ended]).toEqual([200, 'text/event-stream', false])
    const subscription = '"io.modelcontextprotocol/subscriptionId":'
    expect(stream.body.split(`${subscription}9007199254740993}`)).toHaveLength(3)
    expect(second.body.split(`${subscription}"s"}`)).toHaveLength(3)
    await done(server, { body: modernRequest('2', 'x/end-listen') })
    await Promise.all([stream.over, second.over])
    expect(stream.body).toContain('"requestId":9007199254740993')
    expect([stream.ended, second.ended]).toEqual([true, true])
  })

  test('a log message goes to the only call that asked for it, and to none when two did', async () => {
    const server = upstream(modern())
    const level = ',"io.modelcontextprotocol/logLevel":"info"'
    const alone = await done(server, { body: modernTool('1', 'log', {}, level) })
    expect(alone.messages()).toMatchObject([{ method: 'notifications/message' }, { id: 1 }])
    const waits = ask(server, { body: modernTool('2', 'hold', {}, level) })
    const other = await done(server, { body: modernTool('3', 'log', {}, level) })
    expect(other.messages()).toMatchObject([{ id: 3 }])
    expect(server.dropped.unexpected).toBe(1)
    waits.call.cancel()
  })

  test.each([
    [-32020, 400],
    [-32021, 400],
    [-32022, 400],
    [-32602, 400],
    [-32601, 404],
    [-32603, 200],
    [-32700, 200],
    [1, 200],
  ])('the error code %i has the status %i', async (code, status) => {
    const server = upstream(modern())
    const heard = await done(server, { body: modernTool('1', 'code', { code }) })
    expect([heard.status, heard.messages()]).toMatchObject([status, [{ id: 1, error: { code } }]])
  })

  test.each(['hugeFirst', 'hugeLast'])('an answer that is too long fails its call: %s', async name => {
    const server = upstream(modern(), { limits: { maxLineBytes: 100_000 } })
    const heard = await done(server, { body: modernTool('"x"', name) })
    expect([heard.status, heard.failed?.code]).toEqual([undefined, 'UpstreamTooLarge'])
    expect((await done(server, { body: modernTool('1', 'ambiguous') })).failed?.code).toBe('UpstreamUnreadable')
    expect((await done(server, { body: modernTool('1', 'garbage') })).status).toBe(200)
    expect(server.dropped).toMatchObject({ notMessages: 4, tooLong: 1 })
  })

  test('progress that nobody asked for is dropped', async () => {
    const server = upstream(modern())
    const heard = await done(server, { body: modernTool('"x"', 'uninvited') })
    expect(heard.headers['content-type']).toBe('application/json')
    expect(server.dropped.unexpected).toBe(1)
  })

  test('a request of the server is refused to it, since this revision has none', async () => {
    const server = upstream(modern())
    const call = ask(server, { body: modernTool('1', 'sample') })
    await call.over
    expect(textOf(call)).toContain('"code":-32601')
    expect(call.headers['content-type']).toBe('application/json')
  })

  test('a header for an argument must equal it, as soon as the list of tools has named it', async () => {
    const server = upstream(modern())
    const body = modernTool('1', 'echo', { text: 'x', region: 'eu' })
    expect((await done(server, { body })).status).toBe(200)
    await done(server, { body: modernRequest('2', 'tools/list') })
    const standard = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' }
    const wrong = await done(server, { body, headers: { ...standard, 'mcp-param-region': 'us' } })
    expect([wrong.status, wrong.messages()]).toMatchObject([400, [{ id: 1, error: { code: -32020 } }]])
    expect((await done(server, { body, headers: standard })).status).toBe(400)
    expect((await done(server, { body, headers: { ...standard, 'mcp-param-region': 'eu' } })).status).toBe(200)
  })

  test('without a session GET and DELETE are not offered, as soon as the era is known', async () => {
    const server = upstream(modern())
    await done(server, { body: modernTool('1', 'pid') })
    expect((await done(server, { method: 'GET' })).status).toBe(405)
    expect((await done(server, { method: 'DELETE' })).status).toBe(405)
    expect((await done(server, { method: 'GET', session: 'x' })).status).toBe(404)
  })

  test('a death fails what is in flight, the next request starts a new process, a crash loop is slowed down', async () => {
    const clock = manualClock()
    const server = upstream(modern(), { clock })
    const waits = ask(server, { body: modernTool('1', 'hold') })
    const first = await done(server, { body: modernTool('2', 'die') })
    await waits.over
    expect([first.failed?.code, waits.failed?.code]).toEqual(['UpstreamUnreachable', 'UpstreamUnreachable'])
    expect((await done(server, { body: modernTool('3', 'pid') })).status).toBe(200)
    await done(server, { body: modernTool('4', 'die') })
    const early = await done(server, { body: modernTool('5', 'pid') })
    expect(early.failed?.detail).toContain('repeatedly')
    expect(started(server)).toBe(2)
    clock.advance(200)
    expect((await done(server, { body: modernTool('6', 'pid') })).status).toBe(200)
  })

  test('an idle process ends, one with an open subscription does not', async () => {
    const clock = manualClock()
    const server = upstream(modern(), { clock })
    const pid = textOf(await done(server, { body: modernTool('1', 'pid') }))
    const stream = ask(server, { body: modernRequest('2', 'subscriptions/listen') })
    await stream.until('acknowledged')
    clock.advance(90 * 60_000)
    expect(textOf(await done(server, { body: modernTool('3', 'pid') }))).toBe(pid)
    stream.call.cancel()
    clock.advance(90 * 60_000)
    expect(textOf(await done(server, { body: modernTool('4', 'pid') }))).not.toBe(pid)
  })

  test('close fails what is in flight', async () => {
    const server = upstream(modern())
    const waits = ask(server, { body: modernTool('1', 'hold') })
    await done(server, { body: modernTool('2', 'pid') })
    await server.close()
    await waits.over
    expect(waits.failed?.code).toBe('UpstreamUnreachable')
  })
})

describe('the era of a child', () => {
  test('a revision that the child does not serve is refused at every request', async () => {
    const server = upstream(modern())
    const body = modernTool('"v"', 'pid').replace('2026-07-28', '2999-01-01')
    for (let i = 0; i < 2; i++) {
      const heard = await done(server, { body })
      expect([heard.status, heard.messages()]).toMatchObject([
        400,
        [{ id: 'v', error: { code: -32022, data: { supported: ['2026-07-28'], requested: '2999-01-01' } } }],
      ])
    }
    expect((await done(server, { body: modernTool('1', 'pid') })).status).toBe(200)
  })

  test.each([
    ['legacy', 'answers an unknown method with an error'],
    ['dies', 'dies of an unknown method'],
    ['silent', 'says nothing to an unknown method'],
  ])('%s: a child that %s is legacy, and serves sessions', async mode => {
    const server = upstream(fixture('child.ts', mode), { limits: { probeTimeout: 300 } })
    const probe = await done(server, { body: modernRequest('1', 'server/discover') })
    expect([probe.status, probe.messages()]).toMatchObject([400, [{ id: 1, error: { code: -32000 } }]])
    const processes = started(server)
    expect((await done(server, { body: modernTool('2', 'pid') })).status).toBe(400)
    expect(started(server)).toBe(processes)
    expect(await initialize(server)).toMatch(/^[\x21-\x7e]+$/)
  })

  test('a child that answers the probe late is modern after all', async () => {
    const server = upstream(fixture('child.ts', 'modern', '--slow'), { limits: { probeTimeout: 20 } })
    expect((await done(server, { body: modernTool('1', 'pid') })).status).toBe(400)
    await expect.poll(async () => (await done(server, { body: modernTool('2', 'pid') })).status).toBe(200)
  })

  test('silence is believed for a while only', async () => {
    const clock = manualClock()
    const server = upstream(fixture('child.ts', 'silent'), { clock })
    const probe = async (id: string) => {
      const heard = ask(server, { body: modernRequest(id, 'server/discover') })
      await Promise.resolve()
      clock.advance(5_000)
      await heard.over
      return started(server)
    }
    expect(await probe('1')).toBe(1)
    expect(await probe('2')).toBe(1)
    clock.advance(60_000)
    expect(await probe('3')).toBe(2)
  })

  test('initialize starts no probe', async () => {
    const server = upstream(fixture('child.ts', 'legacy'))
    await done(server, { body: initializeBody })
    expect(started(server)).toBe(1)
  })
})
