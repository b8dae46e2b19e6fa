import type { ServerResponse } from 'node:http'
import type { Respond, Seen } from './scripted-upstream.ts'

type Request = {
  readonly id?: unknown
  readonly method?: string
  readonly params?: { readonly name?: string; readonly arguments?: unknown }
}

const tools = ['read_file', 'delete_file', 'drop_table']

/** What the server says in each place of the protocol. `say` is the text that a sample looks for. */
const answers: Readonly<Record<string, (say: string, request: Request) => object>> = {
  'tools/list': say => ({
    tools: tools.map(name => ({
      name,
      description: name === 'read_file' ? `Reads. ${say}` : 'Does.',
      inputSchema: { type: 'object' },
    })),
  }),
  'tools/call': (say, { params }) =>
    params?.name === 'ask_person'
      ? {
          resultType: 'input_required',
          inputRequests: { who: { method: 'elicitation/create', params: { message: say } } },
          requestState: 's',
        }
      : { content: [{ type: 'text', text: params?.name === 'say' ? say : 'done' }] },
  'prompts/get': say => ({ messages: [{ role: 'user', content: { type: 'text', text: say } }] }),
  'resources/read': say => ({ contents: [{ uri: 'file:///note', text: say }] }),
}

/** How the server treats what is not MCP: the path of a health check. */
export type Health = 'well' | 'ill' | 'silent'

/** A small MCP server with three tools, one of them dangerous by name, that says what it is told to say. */
export const mcpServer =
  (say: string, health: Health): Respond =>
  (seen: Seen, res: ServerResponse) => {
    if (seen.method === 'GET') {
      if (health !== 'silent') res.writeHead(health === 'well' ? 200 : 500).end('health')
      return
    }
    const request = JSON.parse(seen.body.toString()) as Request
    const answer = answers[request.method ?? '']?.(say, request) ?? {}
    res.writeHead(200, { 'content-type': 'application/json' })
    res.end(JSON.stringify({ jsonrpc: '2.0', id: request.id, result: answer }))
  }
