import { dirname, join } from 'node:path'
import { allowMatcher } from '../gateway/config/glob.ts'
import type { Key } from '../gateway/config/keys.ts'
import { printable } from '../gateway/config/printable.ts'
import { clients } from './clients.ts'
import type { Configured } from './configure.ts'

export type Welcome = {
  readonly configured: Configured
  readonly urls: readonly string[]
  /** What was given with -f. */
  readonly paths: readonly string[]
  readonly audit: string
  readonly now: number
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

const usable = (keys: readonly Key[], now: number): Key[] =>
  keys.filter(key => key.revoked !== true && (key.expiresAt === undefined || Date.parse(key.expiresAt) > now))

const keyLine = ({ name, allowedServers }: Key): string => `  ${printable(`${name}: ${allowedServers.join(', ')}`)}\n`

/** How to get access while no key exists: the exact command, and where its answer goes. */
function noWayIn(paths: readonly string[]): string {
  const path = paths[0] ?? ''
  const target = /\.ya?ml$/.test(path)
    ? `--append ${path}`
    : `-o ${join(path.endsWith('.json') ? dirname(path) : path, 'me-key.yaml')}`
  return `No API key is configured, so every call is answered with 401. This makes one; it works within a second:

  bartizan keys create me --servers '*' ${target}
`
}

function waysIn({ configured, paths, now }: Welcome): string {
  const keys = usable(configured.keys.keys, now)
  if (keys.length === 0) return noWayIn(paths)
  return `${plural(keys.length, 'API key')} may come in, by X-API-Key or Authorization: Bearer:\n${keys.map(keyLine).join('')}`
}

function connect(name: string, base: string): string {
  const { text } = clients['claude-code']!({ name, url: `${base}/mcp/${name}`, variable: 'BARTIZAN_KEY' })
  const others = Object.keys(clients).filter(client => client !== 'claude-code')
  return `Connect Claude Code, with the key in BARTIZAN_KEY:

  ${text}

Other clients: bartizan client-config ${name} --url ${base} --client ${others.join('|')}
`
}

/**
 * The address that clients are told: the public one, or that of the listener. A listener on all addresses has no name of its own: the first of
 * `hosts` is taken, without which no caller can get in.
 */
function baseOf({ publicUrl, hosts }: Configured['config'], urls: readonly string[]): string {
  if (publicUrl !== undefined) return publicUrl.replace(/(?<!\/)\/+$/, '')
  const [first = ''] = urls
  const [host] = hosts ?? []
  const { protocol, hostname, port } = new URL(first)
  if (!wildcards.includes(hostname) || host === undefined) return first
  return `${protocol}//${/:\d+$/.test(host) ? host : `${host}:${port}`}`
}

const wildcards: readonly string[] = ['0.0.0.0', '[::]']

/** No client calls a wildcard by name, so without a name of its own the gateway refuses every Host. */
function nameless({ publicUrl, hosts }: Configured['config'], urls: readonly string[]): string {
  const wild = urls.every(url => wildcards.includes(new URL(url).hostname))
  if (!wild || publicUrl !== undefined || hosts) return ''
  return 'Clients are refused until MCPGateway.spec.publicUrl or spec.hosts says by which name they call.\n\n'
}

/** What the terminal shows when the gateway is up. */
export function welcome(facts: Welcome): string {
  const { configured, urls, audit } = facts
  const base = baseOf(configured.config, urls)
  const { servers } = configured.config
  const names = servers.map(({ name }) => name)
  const width = Math.max(...names.map(name => name.length))
  const state = ({ refused, stopped }: (typeof servers)[number]): string =>
    refused !== undefined ? '  (refused, see above)' : stopped === true ? '  (stopped)' : ''
  const lines = servers.map(server => `  ${server.name.padEnd(width)}  ${base}/mcp/${server.name}${state(server)}\n`)
  const everywhere = allowMatcher(usable(configured.keys.keys, facts.now).flatMap(key => key.allowedServers))
  const open = servers.find(server => server.refused === undefined && everywhere(server.name)) ?? servers[0]
  return `Bartizan guards ${plural(servers.length, 'server')}, listening on ${urls.join(' and ')}:

${lines.join('')}
${nameless(configured.config, urls)}${waysIn(facts)}
${open ? connect(open.name, base) : ''}
Why a call was refused: bartizan audit show DECISION, the id in the answer (log: ${audit}).
Changes of the files are taken up at once. Ctrl-C ends.
`
}
