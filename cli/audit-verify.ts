import { ChainCheck, notAuditLine, type AuditLine, type Chain } from './audit-chain.ts'
import type { LocatedLine, AuditLogSource } from './audit-log.ts'
import { word } from './audit-text.ts'
import type { Io } from './command.ts'
import { UsageError } from './usage-error.ts'
import { printable } from '../gateway/config/printable.ts'

const plural = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`

const limits =
  'No signed head of the log is kept elsewhere, so this does not show that nothing was taken out: lines that were cut\noff the end are not seen, nor is a log that was written anew as a whole.\n'

const beginsLate = (name: string, { first }: Chain): string =>
  printable(`chain ${name} begins at line ${first} of its gateway: what came before is not in this log`)

/** What the gateway itself says of lines that are not there, and of its file. */
function remark(line: AuditLine): string | undefined {
  const [count, first, last] = [word(line['count']), word(line['first_time']), word(line['last_time'])]
  if (line.event_type === 'lines_lost')
    return `${count} lines were lost while the log could not be written, from ${first} to ${last}`
  return line.event_type === 'audit_file' ? word(line['detail']) : undefined
}

/** What was found so far, and what is said of it. */
class Findings {
  readonly #io: Io
  readonly #log: AuditLogSource
  readonly #check: ChainCheck
  #lines = 0
  #others = 0
  #faults = 0
  /** Where a line is that may be cut because the log ends there. */
  #torn: string | undefined

  constructor(log: AuditLogSource, io: Io) {
    this.#io = io
    this.#log = log
    this.#check = new ChainCheck(log.beginning)
  }

  add({ text, file, number }: LocatedLine): void {
    const where = `${file}:${number}`
    if (this.#torn !== undefined) this.#fault(this.#torn, notAuditLine)
    this.#torn = undefined
    if (text === undefined) this.#others += 1
    else this.#line(text, where)
  }

  #line(text: string, where: string): void {
    const { line, problem } = this.#check.check(text)
    this.#lines += 1
    if (!line && this.#log.isMixed) this.#torn = where
    else if (problem !== undefined) this.#fault(where, problem)
    const said = line && remark(line)
    if (said !== undefined) this.#io.err(`${printable(`${where} the gateway says: ${said}`)}\n`)
  }

  #fault(where: string, wrong: string): void {
    this.#faults += 1
    this.#io.out(`${printable(`${where} ${wrong}`)}\n`)
  }

  /** Says what came of it; the exit code. */
  end(): number {
    const { chains } = this.#check
    if (this.#log.isMixed && this.#lines === 0) throw new UsageError(`${this.#log.name}: there is no audit line in it`)
    for (const [name, chain] of chains) if (chain.first > 1) this.#io.err(`${beginsLate(name, chain)}\n`)
    const others = this.#others === 0 ? '' : `; ${plural(this.#others, 'other line')} passed over`
    const cut = this.#torn === undefined ? '' : '; the last is cut off'
    const summary = `${plural(this.#lines, 'audit line')} in ${plural(chains.size, 'chain')}${others}${cut}`
    if (this.#faults > 0) {
      this.#io.err(`${summary}: NOT consistent, the log is not as it was written\n`)
      return 1
    }
    this.#io.err(`${summary}: consistent, each line follows from the one before it.\n${limits}`)
    return 0
  }
}

/** `bartizan audit verify`: names every line that does not follow, and says what was found and what cannot be. */
export async function verify(log: AuditLogSource, io: Io): Promise<number> {
  const findings = new Findings(log, io)
  for await (const placed of log.lines()) findings.add(placed)
  return findings.end()
}
