import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { modern, openSession, send, type Reply } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type Respond, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const anna = testKey('anna')
const bert = testKey('bert', { allowedTools: ['safe'] })

let upstream: ScriptedUpstream
let gateway: Played

/** A server with tasks, which says so only in the revision that knows them. Its ids can be guessed. */
const guessable: Respond = ({ body }, res) => {
  const { id, method, params } = JSON.parse(body.toString()) as {
    id?: number
    method?: string
    params?: { protocolVersion?: string; name?: string }
  }
  if (id === undefined || method === undefined) return void res.writeHead(202).end()
  const json = { 'content-type': 'application/json', 'mcp-session-id': 's-1' }
  const capabilities = params?.protocolVersion === '2025-11-25' ? { tasks: {} } : {}
  const result =
    method === 'initialize'
      ? { protocolVersion: params?.protocolVersion, capabilities, serverInfo: { name: 's', version: '1' } }
      : { task: { taskId: `task-of-${params?.name}`, status: 'working' } }
  res.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id, result }))
}

beforeAll(async () => {
  upstream = await scriptedUpstream(guessable)
})
beforeEach(async () => {
  gateway = await playedGateway(testConfig([testServer('one', upstream.url)]), keysFile(anna, bert))
  return () => gateway.stop()
})
afterAll(() => upstream.stop())

const initialize = (key: string, revision?: string): Promise<string> => openSession(gateway.url, { key }, revision)
const post = (key: string, session: string, message: object): Promise<Reply> =>
  send(gateway.url, {
    key,
    headers: { 'mcp-session-id': session },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  })
const create = async (session: string): Promise<void> =>
  void (await post(anna.secret, session, { id: 1, method: 'tools/call', params: { name: 'other_tool' } }))
const safe = (meta: object) => ({ id: 1, method: 'tools/call', params: { name: 'safe', _meta: meta } })
const related = 'io.modelcontextprotocol/related-task'
const raw = 'task-of-other_tool'

test('who asks for a revision without tasks does not make the gateway believe that the server has none', async () => {
  const session = await initialize(bert.secret, '2025-06-18')
  const count = upstream.seen.length
  for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
    expect((await post(bert.secret, session, { id: 1, method, params: { taskId: raw } })).body).toContain('-32602')
  expect((await post(bert.secret, session, safe({ [related]: { taskId: raw } }))).body).toContain('-32602')
  expect(upstream.seen.length).toBe(count)
})

test('the id of a task is known by its name alone, and no server is sent what it might take for one', async () => {
  await create(await initialize(anna.secret))
  const session = await initialize(bert.secret)
  const count = upstream.seen.length
  for (const message of [
    safe({ [related]: { TaskId: raw } }),
    safe({ [related]: { tasKId: raw } }),
    { method: 'notifications/progress', params: { progressToken: 1, _meta: { [related]: { taskID: raw } } } },
    { id: 1, result: { _meta: { [related]: { taskid: raw } } } },
  ])
    expect(await post(bert.secret, session, message)).toMatchObject({
      status: 400,
      body: expect.stringContaining('AmbiguousMessage'),
    })
  for (const ids of [`"TaskIds":["${raw}"]`, `"taskIds":["${raw}"]`, `"taskIds":[["${raw}"]]`, '"taskIds":[7]']) {
    const listen = modern('subscriptions/listen', 1, `"notifications":{${ids}}`)
    expect((await send(gateway.url, { key: bert.secret, ...listen })).status).toBe(400)
  }
  expect(upstream.seen.length).toBe(count)
})

test('whoever says that a task of the server is their own may not name it all the same', async () => {
  await create(await initialize(anna.secret))
  const session = await initialize(bert.secret)
  for (const taskId of [raw, 'own-1'])
    await post(bert.secret, session, { id: 5, result: { task: { taskId, status: 'working' } } })
  const count = upstream.seen.length
  expect((await post(bert.secret, session, safe({ [related]: { taskId: raw } }))).body).toContain('-32602')
  expect(upstream.seen.length).toBe(count)
  expect((await post(bert.secret, session, safe({ [related]: { taskId: 'own-1' } }))).body).not.toContain('-32602')
})

test('what a server says of the task that a client runs for it names that task as the client does', async () => {
  const session = await initialize(anna.secret)
  await post(anna.secret, session, { id: 5, result: { task: { taskId: 'own-1', status: 'working' } } })
  const about = `"params":{"level":"info","data":"x","_meta":{"${related}":{"taskId":"own-1"}}}`
  upstream.respond = (_, res) =>
    void res
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end(
        `data: {"jsonrpc":"2.0","method":"notifications/message",${about}}\n\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n`,
      )
  const { body } = await post(anna.secret, session, { id: 1, method: 'tools/call', params: { name: 'safe' } })
  upstream.respond = guessable
  expect(body).toContain(about)
})

test('a server that mixes up its callers gives none of them the task of another', async () => {
  await create(await initialize(anna.secret))
  const session = await initialize(bert.secret)
  const meta = `"_meta":{"${related}":{"taskId":"${raw}"}}`
  const answer = (type: string, body: string): void => {
    upstream.respond = (_, res) => void res.writeHead(200, { 'content-type': type }).end(body)
  }
  const call = { id: 1, method: 'tools/call', params: { name: 'safe' } }
  const ok = 'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n'
  for (const params of [meta, `"level":"info","data":"x",${meta}`]) {
    answer(
      'text/event-stream',
      `data: {"jsonrpc":"2.0","method":"notifications/message","params":{${params}}}\n\n${ok}`,
    )
    expect((await post(bert.secret, session, call)).body).toBe(`:\n\n${ok}`)
  }
  answer('application/json', `{"jsonrpc":"2.0","id":1,"result":{${meta}}}`)
  expect((await post(bert.secret, session, call)).body).toContain('-32602')
  upstream.respond = guessable
  const made = JSON.parse((await post(bert.secret, session, call)).body) as { result: { task: { taskId: string } } }
  answer('application/json', `{"jsonrpc":"2.0","id":1,"result":{"taskId":"${raw}","status":"working"}}`)
  const get = { id: 1, method: 'tasks/get', params: { taskId: made.result.task.taskId } }
  expect((await post(bert.secret, session, get)).body).toContain('-32602')
  upstream.respond = guessable
})

test('an answer comes once, also in an array', async () => {
  const session = await initialize(anna.secret)
  upstream.respond = (_, res) =>
    void res
      .writeHead(200, { 'content-type': 'application/json' })
      .end('[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":1,"result":{"content":[]}}]')
  const reply = await post(anna.secret, session, { id: 1, method: 'tools/call', params: { name: 'safe' } })
  upstream.respond = guessable
  expect(reply).toMatchObject({ status: 502, body: expect.stringContaining('UpstreamMisdirected') })
})
