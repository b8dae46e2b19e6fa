import type { ServerResponse } from 'node:http'
import type { Finding } from '../exchange.ts'
import { Tally } from '../observe/members.ts'

/** Lines of one call that name what was found in one message each. */
const maxLines = 16

/** For how long further ones are added up while the answer goes on. Milliseconds. */
const sumEvery = 60_000

/**
 * The findings of one call: a stream of thousands of events that only warn must not be thousands of lines. The first few messages have lines of
 * their own; what is found in later ones is added up, and is one line each minute and at the end of the answer.
 */
export class FindingLines {
  #lines = 0
  #rest: Tally | undefined
  #since = 0

  /** Whether this message may have a line of its own. Otherwise its findings have been added up, and `sum` will hear of them. */
  isOwn(
    findings: readonly Finding[],
    { res, now, sum }: { readonly res: ServerResponse; readonly now: number; readonly sum: (rest: Tally) => void },
  ): boolean {
    this.#lines += 1
    if (this.#lines <= maxLines) return true
    if (this.#lines === maxLines + 1) res.once('close', () => this.#write(sum))
    if (!this.#rest) this.#since = now
    this.#rest ??= new Tally()
    this.#rest.add(findings)
    if (now - this.#since >= sumEvery) this.#write(sum)
    return false
  }

  #write(sum: (rest: Tally) => void): void {
    if (this.#rest) sum(this.#rest)
    this.#rest = undefined
  }
}
