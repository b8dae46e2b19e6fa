import type { AuditLine } from './audit-chain.ts'
import { describeDecision, describeLost, describeSum, word } from './audit-text.ts'

/** `d-START-COUNT`: the start of a gateway that decided, and the number of the decision in base 36. */
const form = /^d-([0-9a-z]+)-([0-9a-z]+)$/

const numberOf = (decision: string): number => Number.parseInt(form.exec(decision)?.[2] ?? '', 36)

/** Whether a sum, or a gap, may hold a decision: it lies between the first and the last of it. */
function spans(line: AuditLine, decision: string): boolean {
  const [, chain] = form.exec(decision) ?? []
  const at = numberOf(decision)
  return (
    line.chain === chain && numberOf(word(line['first_decision'])) <= at && at <= numberOf(word(line['last_decision']))
  )
}

const isSample = (line: AuditLine, decision: string): boolean =>
  Array.isArray(line['samples']) &&
  (line['samples'] as readonly { decision?: unknown }[]).some(one => one.decision === decision)

/** Looks for a decision line by line: those that are about it, else the sums to which it may have been added, and the lines that were lost. */
export class Search {
  readonly #decision: string
  readonly #lines: string[] = []
  readonly #samples: string[] = []
  readonly #sums: string[] = []
  readonly #lost: string[] = []

  constructor(decision: string) {
    this.#decision = decision
  }

  /** @param where says where the line stands and whether it can be trusted */
  add(line: AuditLine, where: string): void {
    const decision = this.#decision
    const isSum = line.event_type === 'refusals'
    if (line.decision === decision)
      this.#lines.push(isSum ? describeSum(line, decision, where) : describeDecision(line, where))
    else if (isSum && isSample(line, decision)) this.#samples.push(describeSum(line, decision, where))
    else if (isSum && spans(line, decision)) this.#sums.push(describeSum(line, decision, where))
    else if (line.event_type === 'lines_lost' && spans(line, decision))
      this.#lost.push(describeLost(line, decision, where))
  }

  /** What was found, for people. Where several sums or gaps span a decision it is in one of them. */
  answer(): string | undefined {
    const best = [this.#lines, this.#samples].find(found => found.length > 0) ?? [...this.#sums, ...this.#lost]
    return best.length === 0 ? undefined : best.join('\n')
  }
}
