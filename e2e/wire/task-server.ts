import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'
import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'

export type TaskServer = {
  readonly url: string
  /** The ids that the server itself gave to its tasks, by tool. */
  readonly tasks: ReadonlyMap<string, string>
  stop(): Promise<void>
}

/** One store for all sessions, as every server has whose tasks outlive a connection. */
function serverOf(store: InMemoryTaskStore, queue: InMemoryTaskMessageQueue, tasks: Map<string, string>): McpServer {
  const server = new McpServer(
    { name: 'tasks', version: '1.0.0' },
    {
      capabilities: { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
      taskStore: store,
      taskMessageQueue: queue,
    },
  )
  for (const name of ['safe', 'other_tool']) {
    server.experimental.tasks.registerToolTask(
      name,
      { description: name, execution: { taskSupport: 'optional' } },
      {
        async createTask({ taskStore }) {
          const task = await taskStore.createTask({ ttl: 60_000, pollInterval: 10 })
          tasks.set(name, task.taskId)
          if (name === 'safe')
            await taskStore.storeTaskResult(task.taskId, 'completed', {
              content: [{ type: 'text', text: `of ${name}` }],
            })
          return { task }
        },
        getTask: ({ taskId, taskStore }) => taskStore.getTask(taskId),
        getTaskResult: async ({ taskId, taskStore }) => ({
          ...(await taskStore.getTaskResult(taskId)),
          content: [{ type: 'text' as const, text: `of ${name}` }],
        }),
      },
    )
  }
  return server
}

async function bodyOf(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as unknown)
}

/** A server of the TypeScript SDK 1.x with tasks (revision 2025-11-25), and sessions. */
export async function taskServer(): Promise<TaskServer> {
  const tasks = new Map<string, string>()
  // The store of the SDK looks at the session; one that keeps tasks beyond a session cannot.
  const store = new (class extends InMemoryTaskStore {
    override getTask(taskId: string) {
      return super.getTask(taskId)
    }
    override getTaskResult(taskId: string) {
      return super.getTaskResult(taskId)
    }
    override updateTaskStatus(
      taskId: string,
      status: Parameters<InMemoryTaskStore['updateTaskStatus']>[1],
      message?: string,
    ) {
      return super.updateTaskStatus(taskId, status, message)
    }
    override listTasks(cursor?: string) {
      return super.listTasks(cursor)
    }
    override storeTaskResult(
      taskId: string,
      status: 'completed' | 'failed',
      result: Parameters<InMemoryTaskStore['storeTaskResult']>[2],
    ) {
      return super.storeTaskResult(taskId, status, result)
    }
  })()
  const queue = new InMemoryTaskMessageQueue()
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = await bodyOf(req)
    const id = req.headers['mcp-session-id']
    let transport = typeof id === 'string' ? sessions.get(id) : undefined
    if (transport === undefined) {
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: session => void sessions.set(session, made),
      })
      await serverOf(store, queue, tasks).connect(made)
      transport = made
    }
    await transport.handleRequest(req, res, body)
  }
  const http = createServer((req, res) => void answer(req, res).catch(() => res.destroy()))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    tasks,
    async stop() {
      store.cleanup()
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
}
