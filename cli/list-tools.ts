import { Client } from 'undici'
import { McpRefusal } from '../mcp-client/client.ts'
import { ResponseTooLong } from '../mcp-client/request.ts'
import { withMcpServer } from '../mcp-client/session.ts'
import { readTools, type ToolDefinition } from '../mcp-client/tool-list.ts'
import { UsageError } from './usage-error.ts'

/** A tool as a list shows it. */
export type ToolSummary = { readonly name: string; readonly description: string }

/** The tools of a server, and what keeps them from being all. */
export type ToolList = { readonly tools: readonly ToolSummary[]; readonly shortfall?: string }

/** Characters of a description that are shown. */
const maxDescription = 100
const patience = 60_000

const firstLine = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, maxDescription).split('\n')[0]! : ''

function said(error: unknown): string {
  if (error instanceof McpRefusal || error instanceof ResponseTooLong) return error.message
  const { name, code, message } = error as NodeJS.ErrnoException
  return name === 'TimeoutError' ? `no answer within ${patience / 1000} s` : `no answer (${code ?? message})`
}

/**
 * All tools that a caller may see, as far as a server is listened to: only so much of it is read.
 * @throws UsageError with what the server or the gateway said
 */
export async function listTools(url: string, key: string): Promise<ToolList> {
  const { origin, pathname, search } = new URL(url)
  const client = new Client(origin)
  const limit = AbortSignal.timeout(patience)
  const target = { client, path: pathname + search, headers: { 'x-api-key': key }, name: 'bartizan' }
  try {
    return await withMcpServer(target, limit, async mcp => {
      await mcp.open(() => undefined)
      const tools: ToolSummary[] = []
      const take = ({ name, description }: ToolDefinition): void =>
        void tools.push({ name, description: firstLine(description) })
      const shortfall = await readTools(mcp, take, limit)
      return { tools, ...(shortfall && { shortfall: shortfall.message }) }
    })
  } catch (error) {
    throw new UsageError(`${url}: ${said(error)}`)
  }
}
