import { isFields, mostValues } from './answer.ts'
import { TooDense, TooLong } from './ask.ts'
import { Refused, type McpCaller } from './caller.ts'

/** What is read of one server: bytes of everything that it says in a handshake, tools, pages of the list, characters of a cursor. */
export const most = { bytes: 2 * 1024 * 1024, tools: 1000, pages: 100, cursor: 4096 } as const

/** A tool as the list has it; all of it but the name may be anything. */
export type Tool = { readonly name: string; readonly [field: string]: unknown }

/** Why a list was not read to its end. */
export type Shortfall = {
  readonly reason: 'TooManyTools' | 'ListTooLong' | 'ListTooSlow' | 'ListUnreadable' | 'CursorRepeated'
  readonly message: string
}

const isTool = (value: unknown): value is Tool => isFields(value) && typeof value['name'] === 'string'

const tooMany: Shortfall = { reason: 'TooManyTools', message: `the server has more than ${most.tools} tools` }
const tooManyPages: Shortfall = {
  reason: 'ListTooLong',
  message: `the list of tools has more than ${most.pages} pages`,
}
const tooDense: Shortfall = {
  reason: 'ListUnreadable',
  message: `a page of the list of tools has more than ${mostValues} values`,
}
const noCursor: Shortfall = {
  reason: 'ListUnreadable',
  message: `the cursor of the next page is no text of at most ${most.cursor} characters`,
}
const repeated: Shortfall = {
  reason: 'CursorRepeated',
  message: 'the list of tools comes back to a page that it had before',
}

/** Words of a gateway that did not hand out a page, since the page is beyond a bound of its own. */
const withheld: Readonly<Record<string, Shortfall['reason']>> = {
  UpstreamTooLarge: 'ListTooLong',
  UpstreamUnreadable: 'ListUnreadable',
}

type Next = { readonly cursor: string } | { readonly shortfall: Shortfall } | undefined

function nextOf(cursor: unknown): Next {
  if (cursor === undefined || cursor === null) return undefined
  return typeof cursor === 'string' && cursor.length <= most.cursor ? { cursor } : { shortfall: noCursor }
}

async function eachPage(caller: McpCaller, take: (tool: Tool) => void): Promise<Shortfall | undefined> {
  const seen = new Set<string>()
  let count = 0
  let params: { readonly cursor?: string } = {}
  const read = ({ tools, nextCursor }: Readonly<Record<string, unknown>>): Next => {
    for (const tool of Array.isArray(tools) ? tools : []) {
      if (!isTool(tool)) continue
      if (++count > most.tools) return { shortfall: tooMany }
      take(tool)
    }
    return nextOf(nextCursor)
  }
  for (let page = 0; page < most.pages; page++) {
    const next = await caller.call('tools/list', params, read)
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
 * @throws Refused
 */
export async function eachTool(
  caller: McpCaller,
  take: (tool: Tool) => void,
  limit: AbortSignal,
): Promise<Shortfall | undefined> {
  try {
    return await eachPage(caller, take)
  } catch (error) {
    if (error instanceof TooDense) return tooDense
    if (error instanceof TooLong)
      return { reason: 'ListTooLong', message: `the list of tools is longer than ${most.bytes} bytes` }
    if (limit.aborted && error === limit.reason && isTimeout(error))
      return { reason: 'ListTooSlow', message: 'the list of tools did not come to its end in time' }
    const reason = error instanceof Refused ? withheld[error.reason ?? ''] : undefined
    if (reason === undefined) throw error
    return { reason, message: `the gateway withholds the list of tools: ${(error as Refused).message}` }
  }
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'
