import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { CallToolResultSchema, CreateTaskResultSchema } from '@modelcontextprotocol/sdk/types.js'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { taskServer, type TaskServer } from './task-server.ts'

const anna = testKey('anna')
const bert = testKey('bert', { allowedTools: ['safe'] })

let server: TaskServer
let wire: Wire

const config = (deniedTools: string[] = []) =>
  testConfig([
    testServer('one', server.url, {
      tools: { dangerousPatterns: [], approved: [], policy: { mode: 'denylist', deniedTools } },
    }),
  ])

beforeAll(async () => {
  server = await taskServer()
  wire = await startWire({ name: 'tasks', config: config(), keys: keysFile(anna, bert) })
})

afterAll(async () => {
  await wire.stop()
  await server.stop()
  discard(wire)
})

async function connect(key: string): Promise<Client> {
  const client = new Client({ name: 'c', version: '1' })
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', wire.url), {
    requestInit: { headers: { 'x-api-key': key } },
  })
  await client.connect(transport)
  return client
}

const create = async (client: Client, name: string): Promise<string> => {
  const made = await client.request(
    { method: 'tools/call', params: { name, arguments: {}, task: { ttl: 60_000 } } },
    CreateTaskResultSchema,
  )
  return made.task.taskId
}

describe('tasks of a session (2025-11-25), with the real SDK on both sides', () => {
  test('the task of another key is unknown: it is neither read, nor answered, nor cancelled, nor listed', async () => {
    const [a, b] = await Promise.all([connect(anna.secret), connect(bert.secret)])
    const held = await create(a, 'other_tool')
    const raw = server.tasks.get('other_tool')!
    expect(held).not.toContain(raw)
    for (const id of [held, raw, `${held}bb`, held.slice(2), '', 'nothing', held.toUpperCase()]) {
      await expect(b.experimental.tasks.getTask(id)).rejects.toMatchObject({ code: -32602 })
      await expect(b.experimental.tasks.getTaskResult(id, CallToolResultSchema)).rejects.toMatchObject({ code: -32602 })
      await expect(b.experimental.tasks.cancelTask(id)).rejects.toMatchObject({ code: -32602 })
    }
    expect((await b.experimental.tasks.listTasks()).tasks).toEqual([])
    const listed = (await a.experimental.tasks.listTasks()).tasks
    expect(listed.map(({ taskId }) => taskId)).toEqual([held])
    expect(await a.experimental.tasks.getTask(held)).toMatchObject({ taskId: held, status: 'working' })
    // Even whoever holds the task knows it by one id only.
    await expect(a.experimental.tasks.getTask(raw)).rejects.toMatchObject({ code: -32602 })
    expect(await a.experimental.tasks.cancelTask(held)).toMatchObject({ taskId: held, status: 'cancelled' })
    await Promise.all([a.close(), b.close()])
  })

  test('a result names the task by the id that the caller holds', async () => {
    const b = await connect(bert.secret)
    const held = await create(b, 'safe')
    const result = await b.experimental.tasks.getTaskResult(held, CallToolResultSchema)
    expect(result).toMatchObject({
      content: [{ text: 'of safe' }],
      _meta: { 'io.modelcontextprotocol/related-task': { taskId: held } },
    })
    await b.close()
  })

  test('held ids work after a restart, and the list may be empty', async () => {
    const a = await connect(anna.secret)
    const held = await create(a, 'other_tool')
    await a.close()
    await wire.kill()
    wire = await startWire({
      name: 'tasks',
      config: config(),
      keys: keysFile(anna, bert),
      folder: wire.folder,
      port: wire.port,
    })
    const again = await connect(anna.secret)
    expect(await again.experimental.tasks.getTask(held)).toMatchObject({ taskId: held, status: 'working' })
    // Seen again, it is listed again.
    expect((await again.experimental.tasks.listTasks()).tasks.map(({ taskId }) => taskId)).toEqual([held])
    await again.close()
  })

  test('whoever may not call the tool any more cannot read, cancel or list its task', async () => {
    const a = await connect(anna.secret)
    const held = await create(a, 'other_tool')
    wire.write('gateway.json', config(['other_tool']))
    await wire.logged('configuration applied')
    await expect(a.experimental.tasks.getTask(held)).rejects.toThrow(/ToolNotAllowed/)
    await expect(a.experimental.tasks.cancelTask(held)).rejects.toThrow(/ToolNotAllowed/)
    expect((await a.experimental.tasks.listTasks()).tasks).toEqual([])
    wire.write('gateway.json', config())
    await wire.logged('configuration applied')
    expect(await a.experimental.tasks.getTask(held)).toMatchObject({ taskId: held, status: 'working' })
    await a.close()
  })
})
