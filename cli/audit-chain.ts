import { createHash } from 'node:crypto'

/** An audit line as `gateway/observe/audit.ts` writes it. Members beyond these are shown as they are. */
export type AuditLine = {
  readonly chain: string
  readonly seq: number
  readonly decision: string
  readonly time: string
  readonly event_type: string
  readonly verdict: string
  readonly prev: string
  readonly hash: string
} & Readonly<Record<string, unknown>>

/** What the check says of one line: `wrong` is undefined while the chain holds. */
export type CheckedLine = { readonly line: AuditLine | undefined; readonly problem: string | undefined }

/** What was seen of one start of a gateway: the numbers of its first and its last line. */
export type Chain = { readonly first: number; last: number; hash: string }

/**
 * Where a log may begin. `anywhere`: each chain with any line, as what a collector kept of several pods does. `once`: only the first, since the files of
 * one gateway lose their oldest and no others.
 */
export type LogStart = 'anywhere' | 'once'

const zero = '0'.repeat(64)
const tail = /,"hash":"([0-9a-f]{64})"\}$/

function read(text: string): AuditLine | undefined {
  try {
    const value = JSON.parse(text) as Partial<AuditLine> | null
    const whole = typeof value?.chain === 'string' && typeof value.seq === 'number' && typeof value.prev === 'string'
    return whole ? (value as AuditLine) : undefined
  } catch {
    return undefined
  }
}

/** What is said of a line that cannot be read as one. */
export const notAuditLine = 'it is no audit line, or only a part of one'

const missing = (count: number): string => `${count} ${count === 1 ? 'line is' : 'lines are'} missing before it`

/** Why a line cannot be the first that is seen of its chain. */
function badBeginning(line: AuditLine, mayBeginLate: boolean): string | undefined {
  if (line.seq > 1) return mayBeginLate ? undefined : missing(line.seq - 1)
  return line.prev === zero ? undefined : 'the line before it was changed'
}

/** Why a line does not follow from the one before it in its chain. */
function broken(line: AuditLine, last: Chain): string | undefined {
  if (line.seq > last.last + 1) return missing(line.seq - last.last - 1)
  if (line.seq <= last.last) return 'it was put in, or stands in the wrong place'
  return line.prev === last.hash ? undefined : 'the line before it was changed'
}

/**
 * Checks lines in the order of the log: the hash of each (SHA-256 of its text up to `,"hash":`), and that each names the hash of the line
 * before in its chain, of which there is one for each start of a gateway. That shows that the chain is consistent, and no more: there is no
 * signed head to compare it with, so lines cut off the end, and a log that was written anew as a whole, are not seen.
 */
export class ChainCheck {
  readonly chains = new Map<string, Chain>()
  readonly #beginning: LogStart

  constructor(beginning: LogStart) {
    this.#beginning = beginning
  }

  check(text: string): CheckedLine {
    const line = read(text)
    const hash = tail.exec(text)
    if (!line || !hash) return { line: undefined, problem: notAuditLine }
    const body = text.slice(0, hash.index)
    const own = createHash('sha256').update(body).digest('hex') === hash[1] && line.hash === hash[1]
    return { line, problem: own ? this.#linked(line) : this.#changed(line) }
  }

  #linked(line: AuditLine): string | undefined {
    const before = this.chains.get(line.chain)
    const mayBeginLate = this.#beginning === 'anywhere' || this.chains.size === 0
    const wrong = before ? broken(line, before) : badBeginning(line, mayBeginLate)
    this.#goOn(line)
    return wrong
  }

  #changed(line: AuditLine): string {
    this.#goOn(line)
    return 'it was changed'
  }

  #goOn({ chain, seq, hash }: AuditLine): void {
    const known = this.chains.get(chain)
    if (!known) this.chains.set(chain, { first: seq, last: seq, hash })
    else Object.assign(known, { last: seq, hash })
  }
}
