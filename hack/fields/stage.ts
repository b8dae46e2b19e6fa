import { playedGateway, type Played } from '../testing/in-process.ts'
import { callTool, modern, send, type Reply, type Sending } from '../testing/mcp-request.ts'
import type { ScriptedUpstream, Seen } from '../testing/scripted-upstream.ts'
import type { GatewayConfig, KeysFile } from '../../gateway/config/index.ts'
import { playClock, type PlayedClock } from './clock.ts'
import { mcpServer, type Health } from '../testing/tool-server.ts'
import { normal, slot, type World } from './world.ts'

/** A gateway before a scripted server, and everything that was seen of them. */
export type Stage = {
  readonly upstream: ScriptedUpstream
  readonly gateway: Played
  readonly clock: PlayedClock
  readonly world: World
  /** Writes a line into the record. */
  readonly note: (line: string) => void
  /** Sends a request with the key and records the answer. */
  readonly ask: (what: string, sending: Sending) => Promise<void>
}

/** What happens on a stage; the same for every value of a leaf. */
export type Exchange = {
  /** What the server says where it speaks, with names of the world. */
  readonly say?: string
  readonly health?: Health
  play(stage: Stage): Promise<void>
}

type Body = {
  readonly error?: { readonly code: number; readonly message: string }
  readonly result?: { readonly tools?: readonly { readonly name: string; readonly description: string }[] }
}

/** An answer in one line: the refusal, the tools shown, or what the server said. */
export function said({ status, body }: Pick<Reply, 'status' | 'body'>): string {
  const read = (body.startsWith('{') ? JSON.parse(body) : {}) as Body
  if (read.error) return `${status} ${read.error.message}`
  if (read.result?.tools)
    return `${status} tools ${read.result.tools.map(tool => `${tool.name} (${tool.description})`).join(', ')}`
  return `${status} ${read.result ? JSON.stringify(read.result) : body}`
}

function sentUpstream(seen: readonly Seen[]): string[] {
  return seen.map(({ method, url, body }) => {
    if (body.length === 0) return `upstream: ${method} ${url}`
    const { method: name, params } = JSON.parse(body.toString()) as { method: string; params?: { arguments?: unknown } }
    return `upstream: ${method} ${url} ${name} ${JSON.stringify(params?.arguments ?? null)}`
  })
}

type Line = { readonly [member: string]: unknown }

const member = (line: Line, name: string): string => {
  const value = line[name]
  return typeof value === 'string' ? ` ${value}` : ''
}

const finding = (one: Line): string => ['detector', 'channel', 'action', 'mode'].map(name => member(one, name)).join('')

const audited = (line: Line): string => {
  const findings = ((line['findings'] ?? []) as Line[]).map(finding).join(',')
  const parts = ['verdict', 'method', 'code'].map(name => member(line, name)).join('')
  return `audit:${parts}${findings === '' ? '' : ` (found${findings})`}`
}

/** The answers to a few calls are back: what was under way before them has arrived as well. */
async function settle(gateway: Played, key: string): Promise<void> {
  for (let at = 0; at < 3; at++) await send(gateway.url, { key, path: '/mcp/one', ...modern('ping', `settle-${at}`) })
}

/** Plays an exchange on a gateway of the given configuration and gives back everything that could be seen, line by line. */
export async function played(
  config: GatewayConfig,
  keys: KeysFile,
  exchange: Exchange,
  world: World,
  upstream: ScriptedUpstream,
): Promise<string[]> {
  const lines: string[] = []
  const say = (exchange.say ?? '').replaceAll('$TOKEN', world.token)
  upstream.respond = mcpServer(say, exchange.health ?? 'well')
  const before = upstream.seen.length
  const clock = playClock()
  const gateway = await playedGateway(config, keys, { readSecret: file => slot(world, file) })
  const stage: Stage = {
    upstream,
    gateway,
    clock,
    world,
    note: line => void lines.push(line),
    ask: async (what, sending) => {
      lines.push(`answer: ${what}: ${said(await send(gateway.url, { key: world.key, path: '/mcp/one', ...sending }))}`)
    },
  }
  try {
    await exchange.play(stage)
    return [...lines, ...sentUpstream(upstream.seen.slice(before)), ...gateway.audit().map(audited)]
      .filter(line => !line.includes('settle-') && !/\bping\b/.test(line))
      .map(line => normal(line, world))
  } finally {
    clock.release()
    await gateway.stop()
  }
}

export { callTool, modern, send, settle }
