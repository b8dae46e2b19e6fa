import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { modern, openSession, send, type Reply } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type Respond, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const anna = testKey('anna')
const bert = testKey('bert')
const sse = { 'content-type': 'text/event-stream' }

let upstream: ScriptedUpstream
let gateway: Played
let sessions = 0

const events = [
  'id: ev-1\ndata: \n\n',
  'id: ev-2\nretry: 5\nevent: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n\n',
]

/** A server with sessions whose streams end before their answer, so that clients come back for it. */
const polling: Respond = ({ method, body, headers }, res) => {
  const text = body.toString()
  if (text.includes('"initialize"'))
    return void res
      .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': `s-${(sessions += 1)}` })
      .end(
        '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}',
      )
  if (!text.includes('"id"') && method === 'POST') return void res.writeHead(202).end()
  res.writeHead(200, sse)
  if (method === 'GET' && headers['last-event-id'] === undefined) return void res.end('id: get-1\ndata: \n\n')
  if (method === 'GET')
    return void res.end(
      'id: ev-3\ndata: {"jsonrpc":"2.0","id":7,"result":{}}\n\ndata: {"jsonrpc":"2.0","id":8,"result":{"of":"another"}}\n\n',
    )
  res.end(events.join(''))
}

beforeAll(async () => {
  upstream = await scriptedUpstream(polling)
  gateway = await playedGateway(
    testConfig([testServer('one', upstream.url), testServer('two', upstream.url)]),
    keysFile(anna, bert),
  )
})
beforeEach(() => {
  upstream.respond = polling
})
afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const path = '/mcp/one'
const accept = 'text/event-stream'

const initialize = (key = anna.secret): Promise<string> => openSession(gateway.url, { path, key })
const call = (
  session: string,
  body = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t"}}',
): Promise<Reply> => send(gateway.url, { path, key: anna.secret, headers: { 'mcp-session-id': session }, body })
const idsIn = ({ body }: Reply): string[] => [...body.matchAll(/^id: (.*)$/gm)].map(([, id]) => id!)
const resume = (id: string, session?: string, key = anna.secret, where = path): Promise<Reply> =>
  send(gateway.url, {
    method: 'GET',
    path: where,
    key,
    headers: { accept, 'last-event-id': id, ...(session !== undefined && { 'mcp-session-id': session }) },
  })

test('event ids are given out for their session: they say nothing of the server’s own, and bring back the answer', async () => {
  const session = await initialize()
  const first = await call(session)
  const [prime, second] = idsIn(first)
  expect(first.body).not.toContain('ev-')
  expect(first.body).toContain(`id: ${prime}\ndata: \n\n`)
  expect(first.body).toContain(`id: ${second}\nretry: 5\nevent: message\ndata: {`)
  const rest = await resume(second!, session)
  expect(upstream.seen.at(-1)!.headers['last-event-id']).toBe('ev-2')
  expect(rest.body).toContain('data: {"jsonrpc":"2.0","id":7,"result":{}}\n\n')
  // A stream that goes on with one call does not bring the answers of others.
  expect(rest.body).not.toContain('another')
  // The same event has the same id, and a stream that was resumed can be resumed again.
  expect(idsIn(await call(session))).toEqual([prime, second])
  expect((await resume(idsIn(rest)[0]!, session)).body).toContain('"id":7')
})

test('a stream that answers nothing brings no answers when it is resumed', async () => {
  const session = await initialize()
  const get = await send(gateway.url, {
    method: 'GET',
    path,
    key: anna.secret,
    headers: { accept, 'mcp-session-id': session },
  })
  const { status, body } = await resume(idsIn(get)[0]!, session)
  expect([status, body.includes('"result"')]).toEqual([200, false])
})

test('an event id is worth nothing without its session, in another one, to another caller, or made up', async () => {
  const session = await initialize()
  const [id] = idsIn(await call(session))
  const other = await initialize()
  const stranger = await initialize(bert.secret)
  const count = upstream.seen.length
  expect(await resume(id!)).toMatchObject({ status: 400, body: expect.stringContaining('SessionRequired') })
  expect(await resume('ev-1')).toMatchObject({ status: 400, body: expect.stringContaining('SessionRequired') })
  expect(await resume('', session)).toMatchObject({ status: 400, body: expect.stringContaining('EventNotFound') })
  for (const bad of ['ev-1', `${id}A`, `${id}=`, id!.slice(1), 'x'.repeat(9000)])
    expect(await resume(bad, session)).toMatchObject({ status: 400, body: expect.stringContaining('EventNotFound') })
  expect(await resume(id!, other)).toMatchObject({ status: 400, body: expect.stringContaining('EventNotFound') })
  expect((await resume(id!, stranger, bert.secret)).status).toBe(400)
  expect((await resume(id!, session, bert.secret)).status).toBe(404)
  expect((await resume(id!, session, anna.secret, '/mcp/two')).status).toBe(404)
  expect(upstream.seen.length).toBe(count)
})

test('without a session no event id is given out, and none is forwarded with anything but a GET', async () => {
  expect(
    idsIn(await send(gateway.url, { path, key: anna.secret, body: '{"jsonrpc":"2.0","id":7,"method":"ping"}' })),
  ).toEqual([])
  const call = modern('tools/list', 7)
  const reply = await send(gateway.url, {
    path,
    key: anna.secret,
    ...call,
    headers: { ...call.headers, 'last-event-id': 'ev-1' },
  })
  expect(idsIn(reply)).toEqual([])
  expect(upstream.seen.at(-1)!.headers['last-event-id']).toBeUndefined()
})

test.each(['7', '"7"'])(
  'a response without a session is refused: it could answer what another caller was asked (id %s)',
  async id => {
    const count = upstream.seen.length
    for (const body of [
      `{"jsonrpc":"2.0","id":${id},"result":{"action":"accept"}}`,
      `{"jsonrpc":"2.0","id":${id},"error":{"code":-1,"message":"no"}}`,
    ])
      expect(await send(gateway.url, { path, key: anna.secret, body })).toMatchObject({
        status: 400,
        body: expect.stringContaining('SessionRequired'),
      })
    expect(upstream.seen.length).toBe(count)
    expect((await call(await initialize(), `{"jsonrpc":"2.0","id":${id},"result":{}}`)).status).toBe(200)
  },
)

test.each([
  ['notifications/cancelled', '"requestId":7'],
  ['notifications/progress', '"progressToken":7,"progress":1'],
  ['notifications/tasks/status', '"taskId":"t","status":"working"'],
])('%s without a session is answered 202 and goes no further', async (method, params) => {
  const count = upstream.seen.length
  const body = `{"jsonrpc":"2.0","method":"${method}","params":{${params}}}`
  expect(await send(gateway.url, { path, key: anna.secret, body })).toMatchObject({ status: 202, body: '' })
  expect(upstream.seen.length).toBe(count)
  const session = await initialize()
  expect((await call(session, body)).status).toBe(202)
  expect(upstream.seen.at(-1)!.body.toString()).toBe(body)
})

test.each(['notifications/cancelled', 'notifications/progress'])(
  '%s of 2026-07-28, whose clients close the stream instead, goes no further',
  async method => {
    const count = upstream.seen.length
    const { headers, body } = modern(method, 1, '"requestId":7,"progressToken":7,"progress":1')
    const notification = String(body).replace('"id":1,', '')
    expect(await send(gateway.url, { path, key: anna.secret, headers: headers!, body: notification })).toMatchObject({
      status: 202,
      body: '',
    })
    expect(upstream.seen.length).toBe(count)
  },
)

test('other notifications without a session are the server’s to take', async () => {
  const body = '{"jsonrpc":"2.0","method":"notifications/initialized"}'
  expect((await send(gateway.url, { path, key: anna.secret, body })).status).toBe(202)
  expect(upstream.seen.at(-1)!.body.toString()).toBe(body)
})

test('on the stream of a session comes the progress of its own calls, and of no others', async () => {
  const progress = (token: string): string =>
    `data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":1}}\n\n`
  const [session, other] = [await initialize(), await initialize()]
  const answers: (() => void)[] = []
  upstream.respond = ({ method, body }, res) => {
    if (method === 'GET')
      return void res.writeHead(200, sse).end(progress('"mine"') + progress('"other"') + progress('"none"'))
    const id = /"id":(\d)/.exec(body.toString())![1]
    answers.push(
      () =>
        void res.writeHead(200, { 'content-type': 'application/json' }).end(`{"jsonrpc":"2.0","id":${id},"result":{}}`),
    )
  }
  const running = [session, other].map((one, at) =>
    call(
      one,
      `{"jsonrpc":"2.0","id":${at},"method":"tools/call","params":{"name":"t","_meta":{"progressToken":"${at === 0 ? 'mine' : 'other'}"}}}`,
    ),
  )
  await expect.poll(() => answers.length).toBe(2)
  const listening = { accept, 'mcp-session-id': session }
  const { body } = await send(gateway.url, { method: 'GET', path, key: anna.secret, headers: listening })
  expect(body).toBe(`:\n\n${progress('"mine"')}`)
  for (const answer of answers) answer()
  await Promise.all(running)
})

test('a session id that would not fit into a header once it is sealed is given to no client', async () => {
  const giving = (length: number): void => {
    upstream.respond = (_, res) =>
      void res
        .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's'.repeat(length) })
        .end('{"jsonrpc":"2.0","id":0,"result":{}}')
  }
  giving(4096)
  expect((await initialize()).length).toBeLessThan(8192)
  giving(4097)
  const body = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}'
  expect(await send(gateway.url, { path, key: anna.secret, body })).toMatchObject({
    status: 502,
    body: expect.stringMatching(/"id":0,.*UpstreamUnreadable/),
  })
})
