import type { Handshake } from '../translate/index.ts'
import { dial, type Address } from './dial.ts'
import { isFields } from '../../mcp-client/json-rpc.ts'
import { McpRefusal } from '../../mcp-client/client.ts'
import { withMcpServer } from '../../mcp-client/session.ts'
import { ToolInventory } from '../../mcp-client/tool-inventory.ts'
import { readTools } from '../../mcp-client/tool-list.ts'

export type HandshakeOptions = {
  readonly address: Address
  readonly server: string
  readonly token: string
  readonly hash: string
  /** Milliseconds for all of it. */
  readonly patience?: number
}

/** A copy: a piece of a text would keep the whole of it. */
const short = (value: unknown): string => (typeof value === 'string' ? Buffer.from(value.slice(0, 256)).toString() : '')

function infoOf({ serverInfo }: Readonly<Record<string, unknown>>): {
  serverInfo?: { name: string; version: string }
} {
  if (!isFields(serverInfo)) return {}
  const { name, version } = serverInfo
  return { serverInfo: { name: short(name), version: short(version) } }
}

const hasToolsOf = ({ capabilities }: Readonly<Record<string, unknown>>): boolean =>
  ((capabilities ?? { tools: {} }) as { tools?: unknown }).tools !== undefined

function reasonOf(error: unknown): string {
  if (!(error instanceof McpRefusal)) return 'Unreachable'
  return error.status === 401 || error.status === 403 ? 'NotAdmitted' : 'ServerFailed'
}

/**
 * An MCP handshake through a gateway, as `system:operator`: whether the server can be used, and which tools it has. A list beyond what is read of one
 * is a handshake that worked, with an inventory that is not whole. Never throws.
 */
export async function handshake(
  { address, server, token, hash, patience = 20_000 }: HandshakeOptions,
  signal: AbortSignal,
): Promise<Handshake> {
  const time = AbortSignal.timeout(patience)
  const limit = AbortSignal.any([signal, time])
  const client = dial(address)
  const headers = { host: address.host, authorization: `Bearer ${token}` }
  const target = { client, path: `/mcp/${server}`, headers, name: 'bartizan-operator' }
  try {
    return await withMcpServer(target, limit, async mcp => {
      const { hasTools, info } = await mcp.open(said => ({ hasTools: hasToolsOf(said), info: infoOf(said) }))
      const inventory = new ToolInventory()
      const shortfall = hasTools ? await readTools(mcp, inventory.take, limit) : undefined
      return {
        ok: true,
        hash,
        tools: inventory.names,
        inventory: inventory.hash,
        ...(shortfall && { shortfall }),
        ...info,
        revision: mcp.revision,
      }
    })
  } catch (error) {
    const text = time.aborted && !signal.aborted ? `no answer within ${patience / 1000} s` : textOf(error)
    return { ok: false, reason: reasonOf(error), message: Buffer.from(text.slice(0, 1024)).toString() }
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
