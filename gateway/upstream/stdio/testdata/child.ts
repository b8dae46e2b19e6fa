/**
 * A stdio server that misbehaves on demand. The first argument is what it is: `legacy`, `dies` (ends at an unknown method), `silent` (says
 * nothing to one), `modern`. Tools are called by name; see `tools`.
 */
import { spawn } from 'node:child_process'

const mode = process.argv[2] ?? 'legacy'

type Incoming = { id?: number | string; method?: string; params?: Record<string, unknown>; raw: string }

const write = (line: string): void => void process.stdout.write(`${line}\n`)
const say = (message: Record<string, unknown>): void => write(JSON.stringify({ jsonrpc: '2.0', ...message }))
/** The id as the client spelled it, whatever a JavaScript number can hold. */
const rawId = (raw: string): string => /"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/.exec(raw)?.[1] ?? 'null'
const answer = (raw: string, result: unknown): void =>
  write(`{"jsonrpc":"2.0","id":${rawId(raw)},"result":${JSON.stringify(result)}}`)
const text = (raw: string, value: string): void => answer(raw, { content: [{ type: 'text', text: value }] })
const fail = (raw: string, code: number): void =>
  write(`{"jsonrpc":"2.0","id":${rawId(raw)},"error":{"code":${code},"message":"no"}}`)

const progressLine = ({ raw }: Incoming, rest: string): string => {
  const token = /"progressToken"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/.exec(raw)?.[1] ?? 'null'
  return `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},${rest}}}`
}
const held: Incoming[] = []

/** Asks the client for something, which only legacy servers may. */
const sample = { id: 'srv-1', method: 'sampling/createMessage', params: {} }

const tools: Record<string, (message: Incoming, args: Record<string, unknown>) => void> = {
  echo: (m, args) => text(m.raw, String(args.text)),
  pid: m => text(m.raw, String(process.pid)),
  env: m => text(m.raw, JSON.stringify(process.env)),
  seen: m => text(m.raw, seen.join('\n')),
  line: m => text(m.raw, m.raw),
  garbage(m) {
    write('Listening on stdio, what fun')
    write('{"jsonrpc":"2.0","id":')
    write('[1,2,3]')
    process.stdout.write(Buffer.from([0xff, 0xfe, 0x0a]))
    write('')
    text(m.raw, 'still here')
  },
  oversized(m) {
    write(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x'.repeat(200_000) } }))
    text(m.raw, 'after')
  },
  hugeFirst: m => write(`{"jsonrpc":"2.0","id":${rawId(m.raw)},"result":{"x":"${'x'.repeat(200_000)}"}}`),
  hugeLast: m => write(`{"result":{"x":"${'x'.repeat(200_000)}"},"jsonrpc":"2.0","id":${rawId(m.raw)}}`),
  ambiguous: m => write(`{"jsonrpc":"2.0","id":${rawId(m.raw)},"result":{"a":1,"a":2}}`),
  pretty: m => write(`{"jsonrpc":"2.0",\r"id":${rawId(m.raw)},\r"result":{}}\r`),
  progress(m) {
    for (const progress of [1, 2]) write(progressLine(m, `"progress":${progress}`))
    text(m.raw, 'done')
  },
  uninvited(m) {
    say({ method: 'notifications/progress', params: { progressToken: m.id, progress: 1 } })
    text(m.raw, 'done')
  },
  log(m) {
    say({ method: 'notifications/message', params: { level: 'info', data: 'hello' } })
    text(m.raw, 'logged')
  },
  sample(m) {
    held.push(m)
    say(sample)
  },
  hold: m => void held.push(m),
  waiting: m => text(m.raw, held.map(({ raw }) => rawId(raw)).join(',')),
  release(m) {
    for (const waiting of held.splice(0).toReversed()) text(waiting.raw, `held ${waiting.raw.length}`)
    text(m.raw, 'released')
  },
  changed(m) {
    say({ method: 'notifications/tools/list_changed' })
    text(m.raw, 'changed')
  },
  die: () => process.exit(3),
  deaf(m) {
    text(m.raw, 'deaf')
    process.stdin.pause()
    setInterval(() => {}, 1000)
  },
  complain(m, args) {
    for (const line of args.lines as string[]) process.stderr.write(`${line}\n`)
    text(m.raw, 'complained')
  },
  flood(m) {
    for (let i = 0; i < 40; i++) write(progressLine(m, `"progress":${i},"message":"${'y'.repeat(8192)}"`))
    text(m.raw, 'flooded')
  },
  grandchild(m) {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' })
    text(m.raw, String(child.pid))
  },
  code: (m, args) => fail(m.raw, Number(args.code)),
}

const seen: string[] = []

function call(message: Incoming): void {
  const params = message.params ?? {}
  const tool = tools[String(params.name)]
  if (tool === undefined) fail(message.raw, -32602)
  else tool(message, (params.arguments ?? {}) as Record<string, unknown>)
}

const methods: Record<string, (message: Incoming) => void> = {
  initialize: m =>
    answer(m.raw, { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'child', version: '1' } }),
  ping: m => answer(m.raw, {}),
  'tools/call': call,
}

const slow = process.argv.includes('--slow') ? 300 : 0
const discovered = (raw: string, result: unknown): void => void setTimeout(() => answer(raw, result), slow)

const schema = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } }

const modernOnly: Record<string, (message: Incoming) => void> = {
  'server/discover': m => discovered(m.raw, { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {} }),
  'tools/list': m => answer(m.raw, { resultType: 'complete', tools: [{ name: 'echo', inputSchema: schema }] }),
  'subscriptions/listen'(m) {
    const _meta = { 'io.modelcontextprotocol/subscriptionId': m.id }
    say({ method: 'notifications/subscriptions/acknowledged', params: { _meta, notifications: {} } })
    say({ method: 'notifications/tools/list_changed', params: { _meta } })
    held.push(m)
  },
  'x/end-listen'(m) {
    for (const { id } of held.splice(0)) say({ method: 'notifications/cancelled', params: { requestId: id } })
    answer(m.raw, {})
  },
}

function unknown(message: Incoming): void {
  if (mode === 'dies') process.exit(1)
  if (mode !== 'silent') fail(message.raw, -32601)
}

function receive(raw: string): void {
  const message = { ...(JSON.parse(raw) as Omit<Incoming, 'raw'>), raw }
  if (message.id === undefined || message.method === undefined) {
    seen.push(raw)
    if (message.method === undefined && held.length > 0) text(held.shift()?.raw ?? '', `answered ${raw}`)
    return
  }
  if (message.method === 'initialize' && mode === 'modern') return fail(raw, -32022)
  const table = mode === 'modern' ? { ...methods, ...modernOnly } : methods
  ;(table[message.method] ?? unknown)(message)
}

let rest = ''
process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) receive(line)
})
process.stdin.on('end', () => {
  if (process.argv.includes('--stubborn')) setInterval(() => {}, 1000)
})
if (process.argv.includes('--stubborn')) process.on('SIGTERM', () => {})
