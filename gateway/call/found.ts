import type { ServerResponse } from 'node:http'
import type { Finding } from '../exchange.ts'
import { Tally } from '../members.ts'

/** Lines of one call that name findings, before the rest are added up. */
const maxLines = 16

/**
 * The findings of one call: a stream of thousands of events that only warn must not be thousands of lines. The first few lines name theirs;
 * those of all later ones are added up, and written as one line when the answer is over.
 */
export class Found {
  #lines = 0
  #rest: Tally | undefined

  /** Whether one more line may name its findings. Otherwise they have been added up, and `whenOver` hears the sum once. */
  isOwn(findings: readonly Finding[], res: ServerResponse, whenOver: (sum: Tally) => void): boolean {
    this.#lines += 1
    if (this.#lines <= maxLines) return true
    if (this.#rest === undefined) {
      const rest = new Tally()
      this.#rest = rest
      res.once('close', () => whenOver(rest))
    }
    this.#rest.add(findings)
    return false
  }
}
