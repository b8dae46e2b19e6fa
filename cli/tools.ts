import { nearest } from '../crds/nearest.ts'
import { allowMatcher } from '../gateway/config/glob.ts'
import type { Key } from '../gateway/config/keys.ts'
import type { Server } from '../gateway/config/servers.ts'
import { parseArguments } from './arguments.ts'
import type { Command, Io } from './command.ts'
import { UsageError } from './usage-error.ts'
import { configure, urlOptions, type Configured } from './configure.ts'
import { readSources } from './files.ts'
import { load } from './load.ts'
import { problemLine } from './check.ts'
import { listTools } from './list-tools.ts'
import { printable } from '../gateway/config/printable.ts'
import { toolVerdict } from './tool-verdict.ts'
import { listUnfilteredTools } from './unfiltered-tools.ts'

const usage = `bartizan tools SERVER -f FILE|DIR [--as KEYNAME]
bartizan tools URL

With manifests: asks the server itself for all its tools, and says of each whether callers see it, and if not, what
hides it. With an address: lists what a caller sees there; the key is taken from BARTIZAN_KEY.

  -f, --file PATH   manifests of the server and of its policies
  --as KEYNAME      what the APIKey of this name sees, not only what the server's policies show
  --url NAME=URL    address of a server, as with "bartizan run"
  --namespace NAME  which namespace is meant, when the files are about several

  bartizan tools files -f server.yaml
  BARTIZAN_KEY=btz_... bartizan tools http://127.0.0.1:8080/mcp/files
`

const options = {
  file: { type: 'string', short: 'f', multiple: true },
  as: { type: 'string' },
  url: { type: 'string', multiple: true },
  namespace: { type: 'string' },
} as const

function named<T extends { readonly name: string }>(kind: string, name: string, all: readonly T[]): T {
  const found = all.find(one => one.name === name)
  if (found) return found
  const names = all.map(one => one.name)
  const meant = nearest(name, names)
  throw new UsageError(
    `no ${kind} is called ${name}${meant ? `; did you mean ${meant}?` : `: there are ${names.join(', ') || 'none'}`}`,
  )
}

function requireUsable(server: Server): void {
  if (server.refused !== undefined) throw new UsageError(`${server.name} is refused: ${server.refused}`)
}

/** Why a key sees nothing of a server at all, if so. */
function shutOut(key: Key | undefined, server: string): string | undefined {
  if (!key) return undefined
  if (key.revoked === true) return `APIKey ${key.name} is revoked`
  if (key.scopes?.length === 0) return `APIKey ${key.name} has no scope`
  return allowMatcher(key.allowedServers)(server) ? undefined : `APIKey ${key.name} does not allow the server ${server}`
}

const maxShown = 128

/** A server may give a tool a name of any length, and every line is as wide as the longest. */
const short = (name: string): string => (name.length > maxShown ? `${name.slice(0, maxShown - 1)}…` : name)

/** What a reader must know of a list that is not whole. */
const partly = (shortfall: string | undefined): string =>
  shortfall === undefined ? '' : `this is not the whole list: ${printable(shortfall)}\n`

async function explainAll(configured: Configured, name: string, as: string | undefined, io: Io): Promise<number> {
  const server = named('MCPServer', name, configured.config.servers)
  requireUsable(server)
  const key = as === undefined ? undefined : named('APIKey', as, configured.keys.keys)
  const closed = shutOut(key, name)
  if (closed !== undefined) throw new UsageError(closed)
  const verdict = toolVerdict(server, key)
  const { tools, shortfall } = await listUnfilteredTools(configured, server)
  const width = Math.max(0, ...tools.map(tool => short(tool.name).length))
  for (const tool of tools) {
    const { shown, why } = verdict(tool.name)
    io.out(`${printable(`${shown ? 'shown ' : 'hidden'}  ${short(tool.name).padEnd(width)}  ${why}`).trimEnd()}\n`)
  }
  const count = tools.filter(tool => verdict(tool.name).shown).length
  io.err(`${count} of ${tools.length} tools of ${name} are shown${as === undefined ? '' : ` to ${as}`}\n`)
  io.err(partly(shortfall))
  return 0
}

async function asCaller(url: string, io: Io): Promise<number> {
  const key = io.env['BARTIZAN_KEY']
  if (key === undefined || key === '') throw new UsageError('BARTIZAN_KEY is not set: put the API key there')
  const { tools, shortfall } = await listTools(url, key)
  for (const { name, description } of tools) io.out(`${printable(`${short(name)}  ${description}`).trimEnd()}\n`)
  io.err(partly(shortfall))
  return 0
}

/** `bartizan tools`. */
export const tools: Command = {
  summary: 'list the tools of a server, and say why some are hidden',
  usage,
  async run(args, io) {
    const { values, positionals } = parseArguments(args, options)
    const [target, ...further] = positionals
    if (target === undefined || further.length > 0) throw new UsageError('give one SERVER with -f, or one URL', 2)
    if (/^https?:\/\//.test(target)) return asCaller(target, io)
    if (!values.file) throw new UsageError(`${target}: say where its manifests are with -f, or give a URL`, 2)
    const loaded = load(readSources(values.file), io.env)
    io.err(loaded.problems.map(problemLine).join(''))
    const surroundings = {
      namespace: values.namespace,
      urls: urlOptions(values.url),
      lastGood: [],
      salt: io.random(32),
    }
    return explainAll(configure(loaded, surroundings), target, values.as, io)
  },
}
