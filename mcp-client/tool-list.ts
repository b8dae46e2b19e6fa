import { isFields, maxValues } from './json-rpc.ts'
import { TooManyValues, ResponseTooLong } from './request.ts'
import { McpRefusal, type McpClient } from './client.ts'

/** What is read of one server: bytes of everything that it says in a handshake, tools, pages of the list, characters of a cursor. */
export const limits = { bytes: 2 * 1024 * 1024, tools: 1000, pages: 100, cursor: 4096 } as const

/** A tool as the list has it; all of it but the name may be anything. */
export type ToolDefinition = { readonly name: string; readonly [field: string]: unknown }

/** Why a list was not read to its end. */
export type ListShortfall = {
  readonly reason: 'TooManyTools' | 'ListTooLong' | 'ListTooSlow' | 'ListUnreadable' | 'CursorRepeated'
  readonly message: string
}

const isTool = (value: unknown): value is ToolDefinition => isFields(value) && typeof value['name'] === 'string'

const tooMany: ListShortfall = { reason: 'TooManyTools', message: `the server has more than ${limits.tools} tools` }
const tooManyPages: ListShortfall = {
  reason: 'ListTooLong',
  message: `the list of tools has more than ${limits.pages} pages`,
}
const tooDense: ListShortfall = {
  reason: 'ListUnreadable',
  message: `a page of the list of tools has more than ${maxValues} values`,
}
const noCursor: ListShortfall = {
  reason: 'ListUnreadable',
  message: `the cursor of the next page is no text of at most ${limits.cursor} characters`,
}
const repeated: ListShortfall = {
  reason: 'CursorRepeated',
  message: 'the list of tools comes back to a page that it had before',
}

/** Words of a gateway that did not hand out a page, since the page is beyond a bound of its own. */
const withheld: Readonly<Record<string, ListShortfall['reason']>> = {
  UpstreamTooLarge: 'ListTooLong',
  UpstreamUnreadable: 'ListUnreadable',
}

type Next = { readonly cursor: string } | { readonly shortfall: ListShortfall } | undefined

function nextOf(cursor: unknown): Next {
  if (cursor === undefined || cursor === null) return undefined
  return typeof cursor === 'string' && cursor.length <= limits.cursor ? { cursor } : { shortfall: noCursor }
}

async function eachPage(server: McpClient, take: (tool: ToolDefinition) => void): Promise<ListShortfall | undefined> {
  const seen = new Set<string>()
  let count = 0
  let params: { readonly cursor?: string } = {}
  const read = ({ tools, nextCursor }: Readonly<Record<string, unknown>>): Next => {
    for (const tool of Array.isArray(tools) ? tools : []) {
      if (!isTool(tool)) continue
      if (++count > limits.tools) return { shortfall: tooMany }
      take(tool)
    }
    return nextOf(nextCursor)
  }
  for (let page = 0; page < limits.pages; page++) {
    const next = await server.call('tools/list', params, read)
    if (next === undefined) return undefined
    if ('shortfall' in next) return next.shortfall
    if (seen.has(next.cursor)) return repeated
    seen.add(next.cursor)
    params = next
  }
  return tooManyPages
}

/**
 * Reads the tools of a server, page by page; of a page only what `take` keeps is left. A server whose list is beyond a bound is told from one
 * that fails.
 * @param limit its reason is what the caller rejects with once the time is over
 * @throws McpRefusal
 */
export async function readTools(
  server: McpClient,
  take: (tool: ToolDefinition) => void,
  limit: AbortSignal,
): Promise<ListShortfall | undefined> {
  try {
    return await eachPage(server, take)
  } catch (error) {
    if (error instanceof TooManyValues) return tooDense
    if (error instanceof ResponseTooLong)
      return { reason: 'ListTooLong', message: `the list of tools is longer than ${limits.bytes} bytes` }
    if (limit.aborted && error === limit.reason && isTimeout(error))
      return { reason: 'ListTooSlow', message: 'the list of tools did not come to its end in time' }
    const reason = error instanceof McpRefusal ? withheld[error.reason ?? ''] : undefined
    if (reason === undefined) throw error
    return { reason, message: `the gateway withholds the list of tools: ${(error as McpRefusal).message}` }
  }
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'
