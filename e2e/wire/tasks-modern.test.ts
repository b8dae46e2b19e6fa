import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool, modern, send, type Reply, type Sending } from '../../hack/testing/mcp-request.ts'
import {
  scriptedUpstream,
  type Respond,
  type ScriptedUpstream,
  type Seen,
} from '../../hack/testing/scripted-upstream.ts'

const anna = testKey('anna')
const bert = testKey('bert', { allowedTools: ['safe'] })
/** Quotes, signs beyond ASCII, line breaks and what looks like a header in base64. */
const strange = '=?base64?x?= "tâsk"\n{"a":1} \\ \u2028'

let upstream: ScriptedUpstream
let gateway: Played
let raw: string

const idOf = (body: Buffer): string => /"id":("[^"]*"|-?\d+)/.exec(body.toString())![1]!
const json = { 'content-type': 'application/json' }
const task = (id: string, more = ''): string =>
  `"taskId":${JSON.stringify(id)},"status":"working","createdAt":"2026-01-01T00:00:00Z","lastUpdatedAt":"2026-01-01T00:00:00Z","ttlMs":null${more}`

/** A server with the tasks extension that knows one task, and tells it to everybody who asks. */
const tasks: Respond = ({ body }, res) => {
  const text = body.toString()
  const id = idOf(body)
  const result = text.includes('server/discover')
    ? '"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}},"serverInfo":{"name":"s","version":"1"}'
    : text.includes('"tools/call"')
      ? `"resultType":"task",${task(raw)}`
      : `"resultType":"complete",${task(raw)}`
  res.writeHead(200, json).end(`{"jsonrpc":"2.0","id":${id},"result":{${result}}}`)
}

beforeAll(async () => {
  upstream = await scriptedUpstream(tasks)
  gateway = await playedGateway(testConfig([testServer('one', upstream.url)]), keysFile(anna, bert))
})
beforeEach(() => {
  raw = 'task-7'
  upstream.respond = tasks
})
afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const ask = (key: string, sending: Pick<Sending, 'body' | 'headers'>): Promise<Reply> =>
  send(gateway.url, { key, ...sending })
const about = (method: string, id: string) => modern(method, 2, `"taskId":${JSON.stringify(id)}`, id)
const taskIn = ({ body }: Reply): string => (JSON.parse(body) as { result: { taskId: string } }).result.taskId
const create = async (key = anna.secret, tool = 'other_tool'): Promise<string> =>
  taskIn(await ask(key, callTool(tool, 1)))
const seen = (): Seen => upstream.seen.at(-1)!
const paramsOf = ({ body }: Seen): Record<string, unknown> =>
  (JSON.parse(body.toString()) as { params: Record<string, unknown> }).params

test.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
  '%s for the task of another key is refused like an unknown task, and the server hears nothing',
  async method => {
    const held = await create()
    const count = upstream.seen.length
    const plain = ({ status, body }: Reply) => [status, body.replace(/d-[\w-]+/, '')]
    const unknown = plain(await ask(bert.secret, about(method, 'never-was')))
    expect(unknown).toEqual([400, expect.stringContaining('-32602')])
    for (const id of [held, raw, `${held}bb`, held.toUpperCase(), ''])
      expect(plain(await ask(bert.secret, about(method, id)))).toEqual(unknown)
    expect(plain(await ask(bert.secret, modern(method, 2, '"taskId":7')))).toEqual(unknown)
    expect(plain(await ask(bert.secret, modern(method, 2)))).toEqual(unknown)
    expect(upstream.seen.length).toBe(count)
  },
)

test('a task has one id, however often it is named, and the server gets its own in body and header', async () => {
  const held = await create()
  expect(await create()).toBe(held)
  expect(held).toMatch(/^[a-z]+$/)
  const reply = await ask(anna.secret, about('tasks/get', held))
  expect(taskIn(reply)).toBe(held)
  expect([paramsOf(seen()).taskId, seen().headers['mcp-name']]).toEqual([raw, raw])
})

test('ids with strange signs, and one that looks sealed, are bound like any other', async () => {
  const sealed = await create()
  for (const id of [strange, sealed, '', ' blank ', 'x'.repeat(512)]) {
    raw = id
    const held = await create()
    expect(held).not.toBe(id)
    expect(taskIn(await ask(anna.secret, about('tasks/get', held)))).toBe(held)
    expect(paramsOf(seen()).taskId).toBe(id)
    expect((await ask(bert.secret, about('tasks/get', held))).status).toBe(400)
  }
  raw = strange
  await ask(anna.secret, about('tasks/get', await create()))
  expect(seen().headers['mcp-name']).toBe(`=?base64?${Buffer.from(strange).toString('base64')}?=`)
})

test('an id that no header could carry is withheld', async () => {
  raw = 'x'.repeat(513)
  const reply = await ask(anna.secret, callTool('other_tool', 1))
  expect(reply).toMatchObject({ status: 502, body: expect.stringContaining('UpstreamUnreadable') })
})

test('a server that spells the id in another case gives a second name for the same caller and tool', async () => {
  raw = 'Task-A'
  const held = await create()
  raw = 'task-a'
  const other = taskIn(await ask(anna.secret, about('tasks/get', held)))
  expect(other).not.toBe(held)
  expect(taskIn(await ask(anna.secret, about('tasks/get', other)))).toBe(other)
  expect((await ask(bert.secret, about('tasks/get', other))).status).toBe(400)
})

test('every other byte of a rewritten message stays as it is', async () => {
  const held = await create()
  const more = ', "n": 9007199254740993 ,"é":"\\u00e9"'
  upstream.respond = ({ body }, res) =>
    void res.writeHead(200, json).end(`{ "jsonrpc":"2.0","id":${idOf(body)},\n"result":{${task(raw, more)}}}`)
  const { body } = await ask(anna.secret, about('tasks/get', held))
  expect(body).toBe(`{ "jsonrpc":"2.0","id":2,\n"result":{${task(held, more)}}}`)
})

test('metadata may name only a task that the caller holds, whatever the request is', async () => {
  const held = await create()
  const meta = (id: string) => ({
    ...callTool('safe', 1),
    body: String(callTool('safe', 1).body).replace(
      '"_meta":{',
      `"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"${id}"},`,
    ),
  })
  const count = upstream.seen.length
  for (const id of [held, raw])
    expect(await ask(bert.secret, meta(id))).toMatchObject({
      status: 400,
      body: expect.stringContaining('TaskNotFound'),
    })
  expect(upstream.seen.length).toBe(count)
  expect((await ask(anna.secret, meta(held))).status).toBe(200)
  expect(seen().body.toString()).toContain(`"io.modelcontextprotocol/related-task":{"taskId":"${raw}"}`)
  expect(seen().headers['mcp-name']).toBe('safe')
})

test('a subscription hears of the tasks that its caller holds, and of no others', async () => {
  const held = await create()
  const listen = (ids: string[]) =>
    modern('subscriptions/listen', 'L', `"notifications":{"taskIds":${JSON.stringify(ids)}}`)
  expect(await ask(bert.secret, listen([held]))).toMatchObject({
    status: 400,
    body: expect.stringContaining('TaskNotFound'),
  })
  const subscription = '"_meta":{"io.modelcontextprotocol/subscriptionId":"L"}'
  const event = (method: string, params: string): string =>
    `data: {"jsonrpc":"2.0","method":"${method}","params":{${params},${subscription}}}\n\n`
  upstream.respond = ({ body }, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(event('notifications/subscriptions/acknowledged', `"notifications":{"taskIds":["${raw}","of-another"]}`))
    res.write(event('notifications/tasks', task(raw)))
    res.write(event('notifications/tasks', task('of-another', ',"statusMessage":"private"')))
    res.end(`data: {"jsonrpc":"2.0","id":${idOf(body)},"result":{"resultType":"complete"}}\n\n`)
  }
  const { body } = await ask(anna.secret, listen([held]))
  expect(paramsOf(seen()).notifications).toEqual({ taskIds: [raw] })
  expect(body).toContain(`"notifications":{"taskIds":["${held}"]}`)
  expect(body).toContain(`"taskId":"${held}"`)
  expect(body).not.toContain('of-another')
  expect(body).not.toContain('private')
})

test('a server that has no tasks answers for itself, and from the first task on it does not', async () => {
  const bare = await scriptedUpstream(({ body }, res) => {
    const made = body.includes('"tools/call"')
    const result = made
      ? task('t-1')
      : '"supportedVersions":["2026-07-28"],"capabilities":{},"serverInfo":{"name":"s","version":"1"}'
    const known = made || body.includes('server/discover')
    res.writeHead(known ? 200 : 404, json)
    res.end(
      `{"jsonrpc":"2.0","id":${idOf(body)},${known ? `"result":{${result}}` : '"error":{"code":-32601,"message":"Method not found"}'}}`,
    )
  })
  const other = await playedGateway(testConfig([testServer('one', bare.url)]), keysFile(anna, bert))
  const get = (key: string) => send(other.url, { key, ...about('tasks/get', 't-1') })
  await send(other.url, { key: anna.secret, ...modern('server/discover', 1) })
  expect(await get(bert.secret)).toMatchObject({ status: 404, body: expect.stringContaining('-32601') })
  const made = await send(other.url, { key: anna.secret, ...callTool('other_tool', 1) })
  expect(taskIn(made)).not.toBe('t-1')
  expect(await get(bert.secret)).toMatchObject({ status: 400, body: expect.stringContaining('TaskNotFound') })
  const legacy = '{"jsonrpc":"2.0","id":2,"method":"tasks/cancel","params":{"taskId":"t-1"}}'
  const count = bare.seen.length
  expect(await send(other.url, { key: bert.secret, body: legacy })).toMatchObject({
    status: 200,
    body: expect.stringContaining('-32602'),
  })
  expect(bare.seen.length).toBe(count)
  await other.stop()
  await bare.stop()
})

test('a server that says it has no tasks, and tells one to whoever names it, is not believed', async () => {
  const liar = await scriptedUpstream(({ body }, res) => {
    const result = body.includes('server/discover')
      ? '"supportedVersions":["2026-07-28"],"capabilities":{},"serverInfo":{"name":"s","version":"1"}'
      : task('t-1', ',"statusMessage":"private"')
    res.writeHead(200, json).end(`{"jsonrpc":"2.0","id":${idOf(body)},"result":{${result}}}`)
  })
  const other = await playedGateway(testConfig([testServer('one', liar.url)]), keysFile(bert))
  const ask = (call: Pick<Sending, 'body' | 'headers'>) => send(other.url, { key: bert.secret, ...call })
  await ask(modern('server/discover', 1))
  for (const method of ['tasks/get', 'tasks/cancel']) {
    const { status, body } = await ask(about(method, 't-1'))
    expect([status, body.includes('private')]).toEqual([400, false])
  }
  expect(liar.seen).toHaveLength(2)
  await other.stop()
  await liar.stop()
})
