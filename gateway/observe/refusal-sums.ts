import type { AuditRecord } from './audit-record.ts'
import { member, spelled } from './members.ts'

/** How long refusals of one kind are added up before their sum is written. Milliseconds. */
export const sumEvery = 10_000

/** The first refusals of a kind have lines of their own, so that you find the refusal of a single call at once. */
const linesFirst = 10

/** Different addresses that are counted, and those of them that are named. */
const maxClients = 256
const namedClients = 8

type Sample = Pick<AuditRecord, 'decision' | 'time' | 'client' | 'method' | 'detail'>

/** Refusals of one kind that have no line of their own. */
export type RefusalSum = {
  readonly code: string | undefined
  readonly stage: string | undefined
  readonly status: number | undefined
  /** With the first and the last decision. */
  count: number
  readonly first: Sample
  last: Sample
  readonly samples: Sample[]
  readonly clients: Set<string>
}

const isPowerOfTen = (count: number): boolean => {
  let power = 1
  while (power < count) power *= 10
  return power === count
}

const at = (time: number): string => new Date(time).toISOString()

const sampleText = ({ decision, time, client, method, detail }: Sample): string =>
  `{"decision":"${decision}","time":"${at(time)}"${member('client', client, 64)}${member('method', method, 64)}${member('detail', detail, 160)}}`

/** The members of the line of a sum. Samples are its 1st, 10th, 100th refusal and so on, so that they are spread over all of it. */
export function sumText({ count, first, last, samples, clients }: RefusalSum): string {
  const named = [...clients].slice(0, namedClients).map(client => `"${spelled(client, 64)}"`)
  const more = clients.size > named.length ? `,"clients_total":${clients.size}` : ''
  return `,"count":${count},"first_time":"${at(first.time)}","last_time":"${at(last.time)}","first_decision":"${first.decision}","last_decision":"${last.decision}","clients":[${named.join(',')}]${more},"samples":[${samples.map(sampleText).join(',')}]`
}

/**
 * Refusals of callers who are not known: a caller without a key must not fill the log. Of each kind (stage and code) the first few have lines of their
 * own; those after them become a sum, until it is taken.
 */
export class RefusalSums {
  readonly #lines = new Map<string, number>()
  readonly #sums = new Map<string, RefusalSum>()
  #since: number | undefined

  /** Whether time is up for what was added since the last `take`. */
  due(now: number): boolean {
    return this.#since !== undefined && Math.abs(now - this.#since) >= sumEvery
  }

  /** True when this one is to have a line of its own; otherwise it has been added to a sum. */
  isOwn({ decision, time, client, method, detail, code, stage, status }: AuditRecord): boolean {
    this.#since ??= time
    const kind = `${stage} ${code}`
    const lines = this.#lines.get(kind) ?? 0
    if (lines < linesFirst) {
      this.#lines.set(kind, lines + 1)
      return true
    }
    const sample: Sample = { decision, time, client, method, detail }
    const sum = this.#sums.get(kind)
    if (!sum) this.#sums.set(kind, begun(sample, { code, stage, status }))
    else add(sum, sample)
    return false
  }

  /** The sums so far; counting begins anew. */
  take(): readonly RefusalSum[] {
    const sums = [...this.#sums.values()]
    this.#sums.clear()
    this.#lines.clear()
    this.#since = undefined
    return sums
  }
}

const begun = (sample: Sample, kind: Pick<RefusalSum, 'code' | 'stage' | 'status'>): RefusalSum => ({
  ...kind,
  count: 1,
  first: sample,
  last: sample,
  samples: [sample],
  clients: new Set(sample.client === undefined ? [] : [sample.client]),
})

function add(sum: RefusalSum, sample: Sample): void {
  sum.count += 1
  sum.last = sample
  if (isPowerOfTen(sum.count)) sum.samples.push(sample)
  if (sample.client !== undefined && sum.clients.size < maxClients) sum.clients.add(sample.client)
}
