import { afterEach, describe, expect, test } from 'vitest'
import {
  ask,
  closeAll,
  done,
  fixture,
  initialize,
  initializeBody,
  legacy,
  textOf,
  tool,
  upstream,
} from './testdata/client.ts'
import { manualClock } from './testdata/manual-clock.ts'

afterEach(closeAll)

describe('sessions', () => {
  test('initialize opens a session and its calls reach its process', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    expect(session).toMatch(/^[\x21-\x7e]+$/)
    const heard = await done(server, { session, body: tool('1', 'echo', { text: 'hi' }) })
    expect([heard.status, heard.headers['content-type'], textOf(heard)]).toEqual([200, 'application/json', 'hi'])
    expect(heard.headers['content-length']).toBe(String(heard.body.length))
  })

  test('each session has a process of its own', async () => {
    const server = upstream(legacy())
    const [one, two] = await Promise.all([initialize(server), initialize(server)])
    const pids = await Promise.all([one, two].map(session => done(server, { session, body: tool('1', 'pid') })))
    expect(new Set(pids.map(textOf)).size).toBe(2)
  })

  test('no session id is a 400, an unknown one a 404', async () => {
    const server = upstream(legacy())
    const none = await done(server, { body: tool('"a"', 'pid') })
    expect([none.status, none.messages()]).toMatchObject([400, [{ id: 'a', error: { code: -32000 } }]])
    const unknown = await done(server, { session: 'nobody', body: tool('1', 'pid') })
    expect([unknown.status, unknown.messages()]).toMatchObject([404, [{ error: { code: -32001 } }]])
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await done(server, { method })).status).toBe(400)
      expect((await done(server, { method, session: 'nobody' })).status).toBe(404)
    }
  })

  test('a session of another principal is an unknown one', async () => {
    const server = upstream(legacy())
    const session = await initialize(server, 'alice')
    const heard = await done(server, { session, who: 'mallory', body: tool('1', 'pid') })
    const unknown = await done(server, { session: 'nobody', who: 'mallory', body: tool('1', 'pid') })
    expect([heard.status, heard.body]).toEqual([unknown.status, unknown.body])
    expect((await done(server, { session, method: 'DELETE', who: 'mallory' })).status).toBe(404)
    expect((await done(server, { session, body: tool('1', 'echo', { text: 'mine' }) })).status).toBe(200)
  })

  test('DELETE ends the session, its process and its server stream', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const pid = Number(textOf(await done(server, { session, body: tool('1', 'pid') })))
    const stream = ask(server, { session, method: 'GET' })
    expect((await done(server, { session, method: 'DELETE' })).status).toBe(200)
    await stream.over
    expect([stream.status, stream.ended]).toEqual([200, true])
    expect((await done(server, { session, body: tool('2', 'pid') })).status).toBe(404)
    await server.close()
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  test('a second initialize within a session is refused', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    expect((await done(server, { session, body: initializeBody })).status).toBe(400)
  })

  test('a version that no legacy server knows is a 400, no version is fine', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const call = { session, body: tool('1', 'echo', { text: 'x' }) }
    expect((await done(server, { ...call, headers: { accept: 'application/json' } })).status).toBe(406)
    expect((await done(server, { ...call, headers: { 'mcp-protocol-version': '1999-01-01' } })).status).toBe(400)
    expect((await done(server, { ...call, headers: { 'mcp-protocol-version': '2025-06-18' } })).status).toBe(200)
    expect((await done(server, call)).status).toBe(200)
  })

  test('an idle session ends, one with an open stream does not', async () => {
    const clock = manualClock()
    const server = upstream(legacy(), { clock })
    const idle = await initialize(server)
    const listening = await initialize(server)
    const stream = ask(server, { session: listening, method: 'GET' })
    clock.advance(29 * 60_000)
    expect((await done(server, { session: idle, body: tool('1', 'pid') })).status).toBe(200)
    clock.advance(29 * 60_000)
    expect((await done(server, { session: idle, body: tool('2', 'pid') })).status).toBe(200)
    clock.advance(31 * 60_000)
    expect((await done(server, { session: idle, body: tool('3', 'pid') })).status).toBe(404)
    expect((await done(server, { session: listening, body: tool('4', 'pid') })).status).toBe(200)
    stream.call.cancel()
    clock.advance(62 * 60_000)
    expect((await done(server, { session: listening, body: tool('5', 'pid') })).status).toBe(404)
  })

  test('an initialize that the child refuses leaves no session, and its status says what the code means', async () => {
    const server = upstream(fixture('child.ts', 'modern'))
    const heard = await done(server, { body: initializeBody })
    expect([heard.status, heard.headers['mcp-session-id']]).toEqual([400, undefined])
    expect(heard.messages()).toMatchObject([{ id: 0, error: { code: -32022 } }])
  })

  test('a client that goes away during initialize leaves no process behind', async () => {
    const server = upstream(legacy(), { limits: { maxProcesses: 1 } })
    const heard = ask(server, { body: initializeBody })
    heard.call.cancel()
    await expect.poll(async () => (await done(server, { body: initializeBody })).status).toBe(200)
    expect([heard.status, heard.failed]).toEqual([undefined, undefined])
  })
})

describe('streams of a session', () => {
  test('a message of the server that belongs to no call waits for the server stream', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    await done(server, { session, body: tool('1', 'changed') })
    const stream = ask(server, { session, method: 'GET' })
    await stream.until('list_changed')
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream'])
    const call = await done(server, { session, body: tool('2', 'changed') })
    expect(call.headers['content-type']).toBe('application/json')
    await expect.poll(() => stream.messages().length).toBe(2)
  })

  test('a second server stream is a 409 until the first is closed', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const first = ask(server, { session, method: 'GET' })
    expect((await done(server, { session, method: 'GET' })).status).toBe(409)
    first.call.cancel()
    const third = ask(server, { session, method: 'GET' })
    await expect.poll(() => third.status).toBe(200)
  })

  test('what waits for the server stream is bounded, and the oldest goes first', async () => {
    const server = upstream(legacy(), { limits: { maxBuffered: 200 } })
    const session = await initialize(server)
    for (const id of ['1', '2', '3', '4', '5']) await done(server, { session, body: tool(id, 'changed') })
    expect(server.dropped.unheard).toBe(2)
    const stream = ask(server, { session, method: 'GET' })
    await stream.until('list_changed')
    expect(stream.messages()).toHaveLength(3)
  })

  test('progress and log messages turn the answer of their call into an event stream', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const token = ',"_meta":{"progressToken":9007199254740993}'
    const progress = await done(server, { session, body: tool('1', 'progress', {}, token) })
    expect([progress.status, progress.headers['content-type'], progress.ended]).toEqual([
      200,
      'text/event-stream',
      true,
    ])
    expect(progress.messages().map(({ method }) => method)).toEqual([
      'notifications/progress',
      'notifications/progress',
      undefined,
    ])
    const log = await done(server, { session, body: tool('2', 'log') })
    expect(log.messages()).toMatchObject([{ method: 'notifications/message' }, { id: 2 }])
  })

  test('a request of the server travels on the stream of the call and its answer is a 202', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const call = ask(server, { session, body: tool('1', 'sample') })
    await call.until('sampling/createMessage')
    const response = '{"jsonrpc":"2.0","id":"srv-1","result":{"model":"m"}}'
    const posted = await done(server, { session, body: response })
    expect([posted.status, posted.body]).toEqual([202, ''])
    await call.over
    expect(textOf(call)).toBe(`answered ${response}`)
  })

  test('a notification is a 202 and reaches the child as it was spelled', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const body = '{"jsonrpc" : "2.0","method":"notifications/initialized"}'
    const posted = await done(server, { session, body })
    expect([posted.status, posted.body, posted.ended]).toEqual([202, '', true])
    expect(textOf(await done(server, { session, body: tool('1', 'seen') }))).toBe(body)
  })

  test('a disconnect cancels nothing, notifications/cancelled does and ends the call', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const gone = ask(server, { session, body: tool('1', 'hold') })
    const waits = ask(server, { session, body: tool('2', 'hold') })
    gone.call.cancel()
    expect(textOf(await done(server, { session, body: tool('3', 'seen') }))).toBe('')
    const cancel = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}'
    expect((await done(server, { session, body: cancel })).status).toBe(202)
    await waits.over
    expect([waits.ended, waits.messages()]).toEqual([true, []])
    expect(textOf(await done(server, { session, body: tool('4', 'seen') }))).toBe(cancel)
    await done(server, { session, body: tool('5', 'release') })
    expect([gone.status, gone.ended, gone.failed]).toEqual([undefined, false, undefined])
  })

  test('a batch is sent message by message and answered on one stream', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const body = `[${tool('1', 'echo', { text: 'a' })},{"jsonrpc":"2.0","method":"notifications/x"},${tool('2', 'echo', { text: 'b' })}]`
    const heard = await done(server, { session, body })
    expect([heard.status, heard.headers['content-type'], heard.ended]).toEqual([200, 'text/event-stream', true])
    expect(heard.messages()).toMatchObject([{ id: 1 }, { id: 2 }])
  })

  test('a client that does not read holds up its own process only, and loses nothing', async () => {
    const server = upstream(legacy(), { limits: { maxBacklog: 16_384 } })
    const session = await initialize(server)
    const heard = ask(server, { session, body: tool('1', 'flood', {}, ',"_meta":{"progressToken":1}') })
    await heard.until('yyyy')
    heard.call.pause()
    const length = heard.body.length
    const other = await initialize(server)
    expect((await done(server, { session: other, body: tool('1', 'pid') })).status).toBe(200)
    expect(heard.body.length).toBe(length)
    heard.call.resume()
    await heard.over
    expect(heard.messages()).toHaveLength(41)
    expect(textOf(heard)).toBe('flooded')
  })
})
