import { hash } from 'node:crypto'
import type { Finding } from './exchange.ts'
import type { LineSink } from './options.ts'

/** What is known of a decision. Never an argument value, never a credential. */
export type AuditRecord = {
  readonly decision: string
  readonly time: number
  readonly event: 'mcp_call' | 'mcp_answer' | 'auth_failure' | 'call_ended' | 'configuration'
  readonly verdict: 'allow' | 'deny'
  readonly server?: string | undefined
  readonly principal?: string | undefined
  readonly client?: string | undefined
  readonly method?: string | undefined
  readonly tool?: string | undefined
  readonly era?: string | undefined
  readonly code?: string | undefined
  readonly stage?: string | undefined
  readonly detail?: string | undefined
  readonly status?: number | undefined
  readonly findings?: readonly Finding[] | undefined
}

const zero = '0'.repeat(64)

/** Printable ASCII without quote and backslash: JSON writes it as it is, and so it is written without asking for it. */
const plain = /^[ !#-[\]-~]*$/

/** Appends `,"name":"value"`; undefined leaves the member out. */
const text = (name: string, value: string | undefined): string =>
  value === undefined ? '' : plain.test(value) ? `,"${name}":"${value}"` : `,"${name}":${JSON.stringify(value)}`

const findingsOf = (findings: readonly Finding[] | undefined): string =>
  findings === undefined || findings.length === 0 ? '' : `,"findings":${JSON.stringify(findings.slice(0, 32))}`

/**
 * The audit log: one JSON line for each decision, each carrying the hash of the line before, one chain for each start of the process. A line
 * that was changed, taken out or put in breaks the chain (`bartizan audit verify`). The hash of a line is SHA-256 of its text up to
 * `,"hash":`.
 */
export class AuditLog {
  readonly #sink: LineSink
  readonly #prefix: string
  readonly #chain: string
  #head = zero
  #sequence = 0
  #decisions = 0
  #lastTime = -1
  #lastStamp = ''
  /** What to do while the sink cannot take more. */
  onFailure: 'Refuse' | 'Drop' = 'Refuse'
  dropped = 0

  /** `start` tells one process start from another: random, 10 or more characters of base36. */
  constructor(sink: LineSink, instance: string, start: string) {
    this.#sink = sink
    this.#prefix = `d-${start}-`
    this.#chain = `,"instance":${JSON.stringify(instance)},"chain":"${start}"`
  }

  /** The id of the next decision: it stands in the answer and resolves here. */
  next(): string {
    this.#decisions += 1
    return this.#prefix + this.#decisions.toString(36)
  }

  /** False when no line can be taken and the policy is to refuse: then no call may be let through. */
  ready(): boolean {
    return this.onFailure === 'Drop' || !this.#sink.stalled()
  }

  write(record: AuditRecord): void {
    if (this.#sink.stalled()) {
      this.dropped += 1
      return
    }
    this.#sequence += 1
    const body = `${this.#open(record)}${text('server', record.server)}${text('principal', record.principal)}${text('client', record.client)}${text('method', record.method)}${text('tool', record.tool)}${text('era', record.era)}${text('code', record.code)}${text('stage', record.stage)}${text('detail', record.detail)}${record.status === undefined ? '' : `,"status":${record.status}`}${findingsOf(record.findings)},"prev":"${this.#head}"`
    this.#head = hash('sha256', body, 'hex')
    this.#sink.write(`${body},"hash":"${this.#head}"}\n`)
  }

  #open(record: AuditRecord): string {
    return `{"log":"audit_event","time":"${this.#stamp(record.time)}"${this.#chain},"seq":${this.#sequence},"decision":"${record.decision}","event_type":"${record.event}","verdict":"${record.verdict}"`
  }

  #stamp(time: number): string {
    if (time !== this.#lastTime) {
      this.#lastTime = time
      this.#lastStamp = new Date(time).toISOString()
    }
    return this.#lastStamp
  }
}
