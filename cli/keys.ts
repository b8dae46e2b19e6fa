import { writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { keyFields } from '../gateway/config/keys.ts'
import { milliseconds } from '../gateway/config/kit.ts'
import { makeApiKey } from './api-key.ts'
import { listOption, parseArguments } from './arguments.ts'
import type { Command, Io } from './command.ts'
import { UsageError } from './usage-error.ts'
import { readSources } from './files.ts'
import { apiVersion } from '../crds/kind.ts'

const usage = `bartizan keys create NAME --servers SERVER[,SERVER...] [options]

Makes an API key. The key itself is shown once, on the terminal (stderr); nothing keeps it. The APIKey manifest with its
SHA-256 digest goes to stdout or to a file, and may be committed: a digest of 256 random bits is no secret.

  --servers NAMES   servers that the key may call, globs allowed; '*' for all (required)
  --tools NAMES     tools that it may call; without it, all that the policies of the server show
  --scopes NAMES    servers:read (look only) or gateway:execute (look and call); without it, gateway:execute
  --expires WHEN    when it ends: a time (2027-01-31T00:00:00Z) or a span from now (30d, 12h)
  --namespace NAME  namespace of the manifest
  -o, --output FILE write the manifest to a new file instead of stdout
  --append FILE     add the manifest to a YAML file

  bartizan keys create alice --servers files --expires 30d -o alice.yaml
`

const options = {
  servers: { type: 'string', multiple: true },
  tools: { type: 'string', multiple: true },
  scopes: { type: 'string', multiple: true },
  expires: { type: 'string' },
  namespace: { type: 'string' },
  output: { type: 'string', short: 'o' },
  append: { type: 'string' },
} as const

const day = 86_400_000

/** A time as it is given, or a span counted from now, in RFC 3339. */
function expiry(text: string, now: number): string {
  const days = /^(\d{1,5})d$/.exec(text)
  const span = days ? Number(days[1]) * day : /^(\d+(ms|s|m|h))+$/.test(text) ? milliseconds(text) : undefined
  const end = span === undefined ? Date.parse(text) : now + span
  if (!Number.isFinite(end))
    throw new UsageError(`--expires ${text}: neither a time (2027-01-31T00:00:00Z) nor a span (30d, 12h)`, 2)
  if (end <= now) throw new UsageError(`--expires ${text}: is in the past`, 2)
  return span === undefined && keyFields.expiresAt.safeParse(text).success ? text : new Date(end).toISOString()
}

function checked<T>(name: string, read: { success: boolean; data?: T; error?: { issues: { message: string }[] } }): T {
  if (!read.success) throw new UsageError(`--${name}: ${read.error?.issues[0]?.message}`, 2)
  return read.data as T
}

function manifest(name: string, namespace: string | undefined, spec: Record<string, unknown>, id: string): string {
  const metadata = namespace === undefined ? { name } : { name, namespace }
  return `# key btz_${id}_...\n${stringify({ apiVersion, kind: 'APIKey', metadata, spec })}`
}

/** Where the manifest goes: a new file, the end of one, or stdout. */
type Target = { readonly output: string | undefined; readonly append: string | undefined }

function writeFile(file: string, text: string, flag: 'wx' | 'a'): void {
  try {
    writeFileSync(file, text, { flag })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(
      code === 'EEXIST'
        ? `${file} exists: choose another file, or --append to it`
        : `${file}: cannot be written (${code})`,
    )
  }
}

/** A file that ends without a newline gets one first; one that is no YAML is left alone. */
function append(file: string, text: string): void {
  if (!/\.ya?ml$/.test(file))
    throw new UsageError(`--append ${file}: only a *.yaml or *.yml can hold several documents`, 2)
  const before = readSources([file])[0]
  const open = before && 'text' in before && before.text !== '' && !before.text.endsWith('\n')
  writeFile(file, `${open ? '\n' : ''}---\n${text}`, 'a')
}

function deliver(text: string, { output, append: end }: Target, io: Io): void {
  if (output !== undefined && end !== undefined) throw new UsageError('give either -o or --append', 2)
  if (output !== undefined) writeFile(output, text, 'wx')
  else if (end !== undefined) append(end, text)
  else io.out(text)
}

const objectName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/

function create(args: readonly string[], io: Io): number {
  const { values, positionals } = parseArguments(args, options)
  const [name, ...further] = positionals
  if (name === undefined || further.length > 0)
    throw new UsageError('give exactly one NAME: bartizan keys create NAME --servers ...', 2)
  if (!objectName.test(name)) throw new UsageError(`${name}: a name has lowercase letters, digits, "-" and "." only`, 2)
  if (!values.servers) throw new UsageError("--servers is missing: name the servers, or write --servers '*' for all", 2)
  const { key, id, digest } = makeApiKey(io.random)
  const tools = listOption(values.tools)
  const scopes = listOption(values.scopes)
  const spec = {
    digests: [digest],
    ...(scopes && { scopes: checked('scopes', keyFields.scopes.safeParse(scopes)) }),
    allowedServers: checked('servers', keyFields.allowedServers.safeParse(listOption(values.servers))),
    ...(tools && { allowedTools: checked('tools', keyFields.allowedTools.safeParse(tools)) }),
    ...(values.expires && { expiresAt: expiry(values.expires, io.now()) }),
  }
  const text = manifest(name, values.namespace, spec, id)
  deliver(text, { output: values.output, append: values.append }, io)
  io.err(`The key of ${name}, shown only this once:\n\n  ${key}\n\n`)
  const file = values.output ?? values.append
  if (file !== undefined) io.err(`Its manifest is in ${file}.\n`)
  return 0
}

/** `bartizan keys create`. */
export const keys: Command = {
  summary: 'make an API key and its manifest',
  usage,
  run(args, io) {
    const [verb, ...rest] = args
    if (verb !== 'create')
      throw new UsageError(`${verb ? `keys ${verb}` : 'keys'}: only "bartizan keys create NAME" exists`, 2)
    return Promise.resolve(create(rest, io))
  },
}
