import { createHash } from 'node:crypto'
import type { Handshake } from './translate/index.ts'
import type { Address } from './gateway-dial.ts'
import { McpCaller, Refused } from './mcp-caller.ts'

export type Shake = {
  readonly address: Address
  readonly server: string
  readonly token: string
  readonly hash: string
}

const maxPages = 100
const maxTools = 10_000
const patience = 20_000

type Tool = { readonly name: string; readonly [field: string]: unknown }

const isTool = (value: unknown): value is Tool =>
  typeof value === 'object' && value !== null && typeof (value as { name?: unknown }).name === 'string'

const ordered = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** Changes when the name or the definition of a tool does, not with their order. */
const inventoryOf = (tools: readonly Tool[]): string => {
  const texts = tools.map(tool => JSON.stringify(tool, ordered)).sort()
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex')
}

async function allTools(caller: McpCaller): Promise<Tool[]> {
  const tools: Tool[] = []
  let cursor: unknown
  for (let page = 0; page < maxPages && tools.length < maxTools; page++) {
    const result = await caller.call('tools/list', cursor === undefined ? {} : { cursor })
    if (Array.isArray(result['tools'])) tools.push(...(result['tools'] as unknown[]).filter(isTool))
    cursor = result['nextCursor']
    if (cursor === undefined || cursor === null) break
  }
  return tools
}

const short = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 256) : '')

function infoOf({ serverInfo }: Record<string, unknown>): { serverInfo?: { name: string; version: string } } {
  if (typeof serverInfo !== 'object' || serverInfo === null) return {}
  const { name, version } = serverInfo as Record<string, unknown>
  return { serverInfo: { name: short(name), version: short(version) } }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Refused)) return 'Unreachable'
  return error.status === 401 || error.status === 403 ? 'NotAdmitted' : 'ServerFailed'
}

/** An MCP handshake through a gateway, as `system:operator`: whether the server can be used, and which tools it has. Never throws. */
export async function shake({ address, server, token, hash }: Shake, signal: AbortSignal): Promise<Handshake> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)])
  const caller = new McpCaller(address, `/mcp/${server}`, token, limit)
  try {
    const opened = await caller.open()
    const has = (opened['capabilities'] ?? { tools: {} }) as { tools?: unknown }
    const tools = has.tools === undefined ? [] : await allTools(caller)
    return {
      ok: true,
      hash,
      tools: tools.map(({ name }) => name).sort(),
      inventory: inventoryOf(tools),
      ...infoOf(opened),
      revision: caller.revision,
    }
  } catch (error) {
    const text = limit.aborted && !signal.aborted ? `no answer within ${patience / 1000} s` : (error as Error).message
    return { ok: false, reason: reasonOf(error), message: text.slice(0, 1024) }
  } finally {
    await caller.close()
  }
}
