import { afterEach, describe, expect, test } from 'vitest'
import { ask, closeAll, done, initialize, legacy, textOf, tool, upstream } from './testdata/client.ts'

afterEach(closeAll)

describe('bytes', () => {
  test('a pretty-printed body becomes one line in which only CR and LF have changed', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const body =
      '{\r\n  "jsonrpc": "2.0",\n  "id": 1,\r"method": "tools/call",\n"params": {"name": "line", "n": 1.0}\n}'
    expect(textOf(await done(server, { session, body }))).toBe(body.replaceAll(/[\r\n]/g, ' '))
  })

  test('carriage returns in an answer cannot end an event early', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const heard = await done(server, { session, body: tool('1', 'pretty') })
    expect(heard.body).toBe('{"jsonrpc":"2.0", "id":1, "result":{}} ')
  })

  test('ids are tokens: neighbours beyond 2^53, and a number and its text, are not confused', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const ids = ['9007199254740992', '9007199254740993', '7', '"7"', '"\\u0037"']
    const calls = ids.map(id => ask(server, { session, body: tool(id, 'hold', { id }) }))
    await done(server, { session, body: tool('1', 'release') })
    await Promise.all(calls.map(call => call.over))
    calls.forEach((call, at) => expect(call.body).toContain(`"id":${ids[at]},`))
  })

  test('an id that is in flight already is refused', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const first = ask(server, { session, body: tool('1', 'hold') })
    const second = await done(server, { session, body: tool('1', 'pid') })
    expect([second.status, second.messages()]).toMatchObject([400, [{ id: 1, error: { code: -32600 } }]])
    await done(server, { session, body: tool('2', 'release') })
    await first.over
    expect(first.status).toBe(200)
  })

  test('two sessions with the same ids are not confused', async () => {
    const server = upstream(legacy())
    const sessions = await Promise.all([initialize(server, 'alice'), initialize(server, 'bob')])
    const [one, two] = await Promise.all(
      sessions.map((session, at) =>
        done(server, { session, who: ['alice', 'bob'][at] ?? '', body: tool('1', 'echo', { text: `of ${at}` }) }),
      ),
    )
    expect([one, two].map(heard => heard && textOf(heard))).toEqual(['of 0', 'of 1'])
  })

  test('lines that are no messages are dropped and counted, and the next answer still arrives', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const heard = await done(server, { session, body: tool('1', 'garbage') })
    expect([heard.status, heard.headers['content-type'], textOf(heard)]).toEqual([
      200,
      'application/json',
      'still here',
    ])
    expect(server.dropped.notMessages).toBe(4)
  })

  test('a line that is too long is dropped and counted, and the next answer still arrives', async () => {
    const server = upstream(legacy(), { limits: { maxLineBytes: 100_000 } })
    const session = await initialize(server)
    expect(textOf(await done(server, { session, body: tool('1', 'oversized') }))).toBe('after')
    expect(server.dropped.tooLong).toBe(1)
  })

  test.each(['hugeFirst', 'hugeLast'])('an answer that is too long fails its call: %s', async name => {
    const server = upstream(legacy(), { limits: { maxLineBytes: 100_000 } })
    const session = await initialize(server)
    const waits = ask(server, { session, body: tool('1', 'hold') })
    const heard = await done(server, { session, body: tool('"a 2"', name) })
    expect([heard.status, heard.failed?.code]).toEqual([undefined, 'UpstreamTooLarge'])
    await done(server, { session, body: tool('3', 'release') })
    await waits.over
    expect(waits.status).toBe(200)
  })

  test('an answer that two parsers could read differently fails its call', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const heard = await done(server, { session, body: tool('1', 'ambiguous') })
    expect([heard.status, heard.failed?.code]).toEqual([undefined, 'UpstreamUnreadable'])
    expect((await done(server, { session, body: tool('1', 'pid') })).status).toBe(200)
  })
})
