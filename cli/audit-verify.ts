import { ChainCheck, type AuditLine, type Chain } from './audit-chain.ts'
import type { ReadLog } from './audit-log.ts'
import { word } from './audit-text.ts'
import type { Io } from './command.ts'
import { Complaint } from './complaint.ts'
import { printable } from './printable.ts'

const plural = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`

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

/** `bartizan audit verify`: names every line that does not follow, and says what was found and what cannot be. */
export async function verify(log: ReadLog, io: Io): Promise<number> {
  const check = new ChainCheck(log.beginning)
  let [count, others, faults] = [0, 0, 0]
  let torn: string | undefined
  const fault = (where: string, wrong: string): void => {
    faults += 1
    io.out(`${where} ${wrong}\n`)
  }
  for await (const { text, file, number } of log.lines()) {
    const where = `${file}:${number}`
    if (torn !== undefined) fault(torn, 'it is no audit line, or only a part of one')
    torn = undefined
    if (text === undefined) {
      others += 1
      continue
    }
    const { line, wrong } = check.check(text)
    count += 1
    // What a collector has may end in the middle of a line.
    if (!line && log.isMixed) torn = where
    else if (wrong !== undefined) fault(where, wrong)
    const said = line && remark(line)
    if (said !== undefined) io.err(`${printable(`${where} the gateway says: ${said}`)}\n`)
  }
  if (log.isMixed && count === 0) throw new Complaint(`${log.name}: there is no audit line in it`)
  for (const [name, chain] of check.chains) if (chain.first > 1) io.err(`${beginsLate(name, chain)}\n`)
  const summary = `${plural(count, 'audit line')} in ${plural(check.chains.size, 'chain')}`
  const passedOver = others === 0 ? '' : `; ${plural(others, 'other line')} passed over`
  const cut = torn === undefined ? '' : `; the last is cut off`
  io.err(
    faults === 0
      ? `${summary}${passedOver}${cut}: consistent, each line follows from the one before it.\n${limits}`
      : `${summary}${passedOver}${cut}: NOT consistent, the log is not as it was written\n`,
  )
  return faults === 0 ? 0 : 1
}
