/** What the tests share: an upstream over a child program, and calls whose sink is kept. */
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ErrorCode } from '../../../errors.ts'
import type { Principal } from '../../../exchange.ts'
import { acceptedCredentials } from '../../../auth/accepted.ts'
import { render } from '../../../call/render.ts'
import { readBody } from '../../../mcp/message.ts'
import { stdioUpstream } from '../upstream.ts'
import type { StdioUpstream } from '../upstream.ts'
import type { UpstreamCall, UpstreamHeaders, UpstreamRequest } from '../../upstream.ts'
import { ManualClock } from '../../../../hack/testing/manual-clock.ts'
import { systemClock } from '../clock.ts'
import { defaultLimits } from '../options.ts'
import type { StdioLimits, StdioOptions } from '../options.ts'

export type LogLine = { readonly event: string; readonly fields: Record<string, unknown> }

export function fixture(name: string, ...args: string[]): readonly string[] {
  return [process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, name), ...args]
}

/** The child of the tests, which speaks the revisions with sessions. */
export const legacy = (...args: string[]): readonly string[] => fixture('child.ts', 'legacy', ...args)

export type Fixture = StdioUpstream & { readonly lines: readonly LogLine[] }

/** Every upstream that a test started; the test file closes them all. */
const open = new Set<StdioUpstream>()
const clocks = new Set<ManualClock>()

/** A clock that stands still until the test moves it, or closes what it started. */
export function manualClock(): ManualClock {
  const clock = new ManualClock()
  clocks.add(clock)
  return clock
}

export function upstream(command: readonly string[], change: Omit<Partial<StdioOptions>, 'limits'> & { limits?: Partial<StdioLimits> } = {}): Fixture {
  const lines: LogLine[] = []
  const note = (event: string, fields: Record<string, unknown> = {}) => void lines.push({ event, fields })
  const made = stdioUpstream({
    name: 'fixture',
    command,
    args: [],
    env: {},
    path: process.env.PATH ?? '',
    tempRoot: tmpdir(),
    randomId: randomUUID,
    clock: systemClock,
    log: { info: note, warn: note, error: note },
    ...change,
    limits: { ...defaultLimits, stopGrace: 300, ...change.limits },
  })
  open.add(made)
  return Object.assign(made, { lines })
}

/** Clocks that stand still are moved, or nothing that ignores its end would ever be ended. */
export async function closeAll(): Promise<void> {
  const ticking = setInterval(() => {
    for (const clock of clocks) clock.advance(100)
  }, 5)
  await Promise.all([...open].map(one => one.close()))
  clearInterval(ticking)
  clocks.clear()
  open.clear()
}

export const principal = (subject: string): Principal => ({
  provider: 'key',
  subject,
  id: subject,
  grants: { allowsScope: () => true, allowsServer: () => true, allowsTool: () => true, expiresAt: Infinity },
})

/** One call as its sink heard it. */
export type Heard = {
  readonly call: UpstreamCall
  status: number | undefined
  headers: UpstreamHeaders
  body: string
  ended: boolean
  /** The code by which the bridge refused it. */
  refused?: ErrorCode
  failed: { code: ErrorCode; detail: string } | undefined
  /** Resolves at the end, or when it failed. */
  readonly over: Promise<void>
  /** Resolves as soon as the body holds a text. */
  until(text: string): Promise<void>
  /** The messages in the body, whichever form it has. */
  messages(): Record<string, unknown>[]
}

export type Asked = {
  readonly body?: string
  readonly method?: 'POST' | 'GET' | 'DELETE'
  readonly session?: string | undefined
  readonly who?: string
  readonly headers?: Record<string, string>
}

export function ask(server: StdioUpstream, asked: Asked): Heard {
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const waiters = new Set<() => void>()
  const wake = () => {
    for (const waiter of waiters) waiter()
  }
  const body = asked.body === undefined ? undefined : Buffer.from(asked.body)
  const request: UpstreamRequest = {
    method: asked.method ?? 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      ...(asked.session === undefined ? {} : { 'mcp-session-id': asked.session }), ...asked.headers },
    ...(body === undefined ? {} : { body }),
    messages: body === undefined ? [] : read(body),
    principal: principal(asked.who ?? 'alice'),
  }
  const heard: Omit<Heard, 'call'> = {
    status: undefined,
    headers: {},
    body: '',
    ended: false,
    failed: undefined,
    over,
    async until(text) {
      const { promise, resolve: found } = Promise.withResolvers<void>()
      const look = () => {
        if (heard.body.includes(text)) found()
      }
      waiters.add(look)
      look()
      await promise
      waiters.delete(look)
    },
    messages: () =>
      String(heard.headers['content-type']).startsWith('text/event-stream')
        ? [...heard.body.matchAll(/^data: (.*)\n\n/gm)].map(([, data]) => JSON.parse(data ?? '') as Record<string, unknown>)
        : [JSON.parse(heard.body) as Record<string, unknown>],
  }
  const call = server.open(request, {
    head(status, headers) {
      heard.status = status
      heard.headers = headers
      wake()
    },
    data(chunk) {
      heard.body += chunk.toString()
      wake()
    },
    end() {
      heard.ended = true
      resolve()
    },
    // As the pipeline renders it.
    refuse(denial) {
      const { status, headers, body: text } = render(denial, { decision: 'd-test-1', accepted: acceptedCredentials([]) })
      Object.assign(heard, { status, headers: { 'content-type': headers['Content-Type'] }, body: text, refused: denial.code })
      resolve()
    },
    fail(code, detail) {
      heard.failed = { code, detail }
      resolve()
    },
  })
  return Object.assign(heard, { call })
}

function read(body: Buffer) {
  const found = readBody(body, { maxBytes: 4_000_000, maxValues: 50_000, maxDepth: 64 })
  if ('denied' in found) throw new Error(`the test sent a body that the gateway refuses: ${found.denied.detail}`)
  return 'batch' in found ? found.batch : [found.message]
}

/** A finished call. */
export async function done(server: StdioUpstream, asked: Asked): Promise<Heard> {
  const heard = ask(server, asked)
  await heard.over
  return heard
}

export const initializeBody =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}'

/** Opens a legacy session and gives its id. */
export async function initialize(server: StdioUpstream, who?: string): Promise<string> {
  const heard = await done(server, { body: initializeBody, ...(who === undefined ? {} : { who }) })
  return String(heard.headers['mcp-session-id'])
}

export const tool = (id: string, name: string, args: unknown = {}, meta = ''): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":${JSON.stringify(args)}${meta}}}`

const claim =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}'

export const modernTool = (id: string, name: string, args: unknown = {}, meta = ''): string =>
  tool(id, name, args, `,"_meta":{${claim}${meta}}`)

export const modernRequest = (id: string, method: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{"_meta":{${claim}}}}`

/** The text of a tool's answer. */
export function textOf(heard: Heard): string {
  const last = heard.messages().at(-1) as { result?: { content?: { text: string }[] } }
  return last.result?.content?.[0]?.text ?? JSON.stringify(last)
}
