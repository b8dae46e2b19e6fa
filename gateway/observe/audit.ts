import { hash } from 'node:crypto'
import type { Finding } from '../exchange.ts'
import { member, Tally } from './members.ts'
import type { AuditRecord } from './audit-record.ts'
import type { LineSink } from '../options.ts'
import { RefusalSums, sumEvery, sumText, type RefusalSum } from './refusal-sums.ts'

type Heading = Pick<AuditRecord, 'decision' | 'time'> & { readonly event: string; readonly verdict: string }

/** Lines that could not be written since the last one that could. */
type Lost = { count: number; readonly first: number; last: number; lowest: string; highest: string }

/** Whether the number in one decision id is below that in another of the same start. */
const isBelow = (one: string, other: string): boolean =>
  one.length === other.length ? one < other : one.length < other.length

const zero = '0'.repeat(64)

/** Container runtimes cut longer lines in two (CRI-O reads 8 KiB at a time). Bytes, with the line feed. */
export const maxLine = 8_000

/** What a line ends with: the hash of the line before, and its own. */
const tailBytes = `,"prev":"${zero}","hash":"${zero}"}\n`.length

const tally = (findings: readonly Finding[] | Tally): Tally =>
  findings instanceof Tally ? findings : new Tally().add(findings)

/**
 * The audit log: one JSON line of at most 8,000 bytes for each decision, each carrying the hash of the line before, one chain for each start of
 * the process (`bartizan audit verify`). The hash of a line is SHA-256 of its text up to `,"hash":`. Refusals of callers who are not known are
 * added up after the first few, and lines that could not be written are counted in the next that can: neither leaves a gap in the chain.
 */
export class AuditLog {
  readonly #sink: LineSink
  readonly #prefix: string
  readonly #chain: string
  readonly #now: () => number
  readonly #refusals = new RefusalSums()
  #lost: Lost | undefined
  #timer: NodeJS.Timeout | undefined
  #head = zero
  #sequence = 0
  #decisions = 0
  #lastTime = -1
  #lastStamp = ''
  /** What to do while the sink cannot take more. */
  onFailure: 'Refuse' | 'Drop' = 'Refuse'
  dropped = 0

  /** `start` tells one process start from another: random, 10 or more characters of base36. */
  constructor(sink: LineSink, instance: string, start: string, now: () => number = Date.now) {
    this.#sink = sink
    this.#prefix = `d-${start}-`
    this.#chain = `${member('instance', instance, 128)},"chain":"${start}"`
    this.#now = now
    sink.notice = what => this.#own('audit_file', 'none', member('detail', what, 1200))
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
    if (record.principal === undefined && record.verdict === 'deny' && this.#isSummed(record)) return
    this.#line(record, '')
  }

  /** Writes what was added up. Called every ten seconds while there is something. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // Sums can wait for a sink that is stalled; lines could not.
    if (this.#sink.stalled()) return void this.#later()
    for (const sum of this.#refusals.take()) this.#sum(sum)
    this.#account()
  }

  /** Writes the last sums and closes the sink. */
  async close(): Promise<void> {
    this.flush()
    clearTimeout(this.#timer)
    await this.#sink.close()
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.flush(), sumEvery).unref()
  }

  #isSummed(record: AuditRecord): boolean {
    if (this.#refusals.due(record.time)) this.flush()
    if (this.#refusals.isOwn(record)) return false
    this.#later()
    return true
  }

  #sum(sum: RefusalSum): void {
    const { code, stage, status } = sum
    const kind = `${member('code', code, 64)}${member('stage', stage, 64)}${status === undefined ? '' : `,"status":${status}`}`
    this.#own('refusals', 'deny', kind + sumText(sum))
  }

  /** A line about no single call. */
  #own(event: string, verdict: string, more: string): void {
    this.#line({ event, verdict, decision: this.next(), time: this.#now() }, more)
  }

  /** A line of its own says how many are missing, so that the chain has no gap and the reader knows. */
  #account(): void {
    if (!this.#lost || this.#sink.stalled()) return
    const { count, first, last, lowest, highest } = this.#lost
    this.#lost = undefined
    const times = `,"first_time":"${new Date(first).toISOString()}","last_time":"${new Date(last).toISOString()}"`
    this.#own(
      'lines_lost',
      'none',
      `,"count":${count}${times},"first_decision":"${lowest}","last_decision":"${highest}"`,
    )
  }

  #line(record: Omit<AuditRecord, 'event' | 'verdict'> & Heading, more: string): void {
    if (this.#sink.stalled()) return this.#lose(record)
    if (this.#lost) this.#account()
    this.#sequence += 1
    const head = `${this.#open(record)}${member('server', record.server, 300)}${member('principal', record.principal, 340)}${member('client', record.client, 64)}${member('method', record.method, 800)}${member('tool', record.tool, 800)}${member('era', record.era, 16)}${member('code', record.code, 64)}${member('stage', record.stage, 64)}${member('detail', record.detail, 1200)}${record.status === undefined ? '' : `,"status":${record.status}`}${more}`
    const found = record.findings === undefined ? '' : tally(record.findings).text(maxLine - tailBytes - head.length)
    const body = `${head}${found},"prev":"${this.#head}"`
    this.#head = hash('sha256', body, 'hex')
    this.#sink.write(`${body},"hash":"${this.#head}"}\n`)
  }

  #lose({ time, decision }: Pick<AuditRecord, 'decision' | 'time'>): void {
    this.dropped += 1
    const lost = (this.#lost ??= { count: 0, first: time, last: time, lowest: decision, highest: decision })
    lost.count += 1
    lost.last = time
    if (isBelow(decision, lost.lowest)) lost.lowest = decision
    if (isBelow(lost.highest, decision)) lost.highest = decision
    this.#later()
  }

  #open(record: Heading): string {
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
