import { createHash } from 'node:crypto'

/** An audit line as `gateway/audit.ts` writes it. Members beyond these are shown as they are. */
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
export type Checked = { readonly line: AuditLine | undefined; readonly wrong: string | undefined }

const zero = '0'.repeat(64)
const tail = /,"hash":"([0-9a-f]{64})"\}$/

type Link = { readonly seq: number; readonly hash: string }

function read(text: string): AuditLine | undefined {
  try {
    const value = JSON.parse(text) as Partial<AuditLine> | null
    const whole = typeof value?.chain === 'string' && typeof value.seq === 'number' && typeof value.prev === 'string'
    return whole ? (value as AuditLine) : undefined
  } catch {
    return undefined
  }
}

/** Why a line does not follow from the one before it in its chain. */
function broken(line: AuditLine, last: Link | undefined): string | undefined {
  const expected = (last?.seq ?? 0) + 1
  if (line.seq > expected) {
    const missing = line.seq - expected
    return `${missing} ${missing === 1 ? 'line is' : 'lines are'} missing before it`
  }
  if (line.seq < expected) return 'it was put in, or stands in the wrong place'
  return line.prev === (last?.hash ?? zero) ? undefined : 'the line before it was changed'
}

/**
 * Checks lines in the order of the file: the hash of each (SHA-256 of its text up to `,"hash":`), and that each names the hash of the line
 * before in its chain, of which there is one for each start of the gateway. The end of a chain is not signed, so that lines cut off the end
 * are not seen.
 */
export function chainCheck(): (text: string) => Checked {
  const heads = new Map<string, Link>()
  return text => {
    const line = read(text)
    const hash = tail.exec(text)
    if (!line || !hash) return { line: undefined, wrong: 'it is no audit line, or only a part of one' }
    const body = text.slice(0, hash.index)
    const own = createHash('sha256').update(body).digest('hex') === hash[1] && line.hash === hash[1]
    const wrong = own ? broken(line, heads.get(line.chain)) : 'it was changed'
    heads.set(line.chain, { seq: line.seq, hash: line.hash })
    return { line, wrong }
  }
}
