import { Client } from 'undici'
import { Budget, TooLong } from '../operator/mcp/ask.ts'
import { McpCaller, Refused } from '../operator/mcp/caller.ts'
import { eachTool, most } from '../operator/mcp/tool-list.ts'
import { Complaint } from './usage-error.ts'

/** A tool as a list shows it. */
export type ListedTool = { readonly name: string; readonly description: string }

/** The tools of a server, and what keeps them from being all. */
export type ToolList = { readonly tools: readonly ListedTool[]; readonly shortfall?: string }

/** Characters of a description that are shown. */
const maxDescription = 100
const patience = 60_000

const firstLine = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, maxDescription).split('\n')[0]! : ''

function said(error: unknown): string {
  if (error instanceof Refused || error instanceof TooLong) return error.message
  const { name, code, message } = error as NodeJS.ErrnoException
  return name === 'TimeoutError' ? `no answer within ${patience / 1000} s` : `no answer (${code ?? message})`
}

/**
 * All tools that a caller may see, as far as a server is listened to: only so much of it is read.
 * @throws Complaint with what the server or the gateway said
 */
export async function listTools(url: string, key: string): Promise<ToolList> {
  const { origin, pathname, search } = new URL(url)
  const client = new Client(origin)
  const limit = AbortSignal.timeout(patience)
  const target = { client, path: pathname + search, headers: { 'x-api-key': key }, name: 'bartizan' }
  const caller = new McpCaller(target, new Budget(most.bytes), limit)
  const tools: ListedTool[] = []
  try {
    await caller.open(() => undefined)
    const shortfall = await eachTool(
      caller,
      ({ name, description }) => tools.push({ name, description: firstLine(description) }),
      limit,
    )
    return { tools, ...(shortfall && { shortfall: shortfall.message }) }
  } catch (error) {
    throw new Complaint(`${url}: ${said(error)}`)
  } finally {
    await caller.close()
    await client.destroy().catch(() => {})
  }
}
