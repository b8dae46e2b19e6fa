import { printable } from '../gateway/config/printable.ts'
import { parseArguments } from './arguments.ts'
import { chainCheck } from './audit-chain.ts'
import { describeDecision } from './audit-text.ts'
import type { Command, Io } from './command.ts'
import { Complaint } from './complaint.ts'
import { linesOf } from './lines.ts'
import { auditFile, defaultState } from './state-names.ts'

const usage = `bartizan audit show DECISION [--state DIR | --file FILE]
bartizan audit verify [--state DIR | --file FILE]

Reads the audit log of "bartizan run".

  show     says who called what, and why it was let through or refused. DECISION is the id that stands in the answer
           to a refused call (d-...).
  verify   checks that no line was changed, taken out or put in. The end of the log is not signed: lines that were
           cut off its end are not seen.

  --state DIR   state folder of "bartizan run", ${defaultState} unless it was given there
  --file FILE   an audit log that lies elsewhere

  bartizan audit show d-k3v9x0q2lm-1f
`

const options = { state: { type: 'string' }, file: { type: 'string' } } as const

async function show(decision: string, file: string, io: Io): Promise<number> {
  const check = chainCheck()
  const found: string[] = []
  let number = 0
  let firstWrong: number | undefined
  for await (const text of linesOf(file)) {
    number++
    const { line, wrong } = check(text)
    if (wrong !== undefined) firstWrong ??= number
    if (line?.decision !== decision) continue
    const chain =
      firstWrong === undefined ? 'holds up to this line' : `BROKEN at line ${firstWrong}: see "bartizan audit verify"`
    found.push(describeDecision(line, `${file}:${number}, the chain ${chain}`))
  }
  if (found.length === 0)
    throw new Complaint(`${decision}: not in ${file} (${number} lines); another gateway may have decided it`)
  io.out(found.join('\n'))
  return 0
}

async function verify(file: string, io: Io): Promise<number> {
  const check = chainCheck()
  const chains = new Set<string>()
  let number = 0
  let faults = 0
  for await (const text of linesOf(file)) {
    number++
    const { line, wrong } = check(text)
    if (line) chains.add(line.chain)
    if (wrong === undefined) continue
    faults++
    io.out(`${printable(`${file}:${number} ${wrong}`)}\n`)
  }
  const summary = `${number} lines in ${chains.size} chains`
  io.err(
    faults === 0
      ? `${summary}: no line was changed, taken out or put in\n`
      : `${summary}: the log is not as it was written\n`,
  )
  return faults === 0 ? 0 : 1
}

/** `bartizan audit show` and `bartizan audit verify`. */
export const audit: Command = {
  summary: 'look up one decision, or check that the audit log is whole',
  usage,
  async run(args, io) {
    const { values, positionals } = parseArguments(args, options)
    const [verb, decision, ...further] = positionals
    const file = values.file ?? auditFile(values.state ?? defaultState)
    if (verb === 'verify' && decision === undefined) return verify(file, io)
    if (verb === 'show' && decision !== undefined && further.length === 0) return show(decision, file, io)
    throw new Complaint('say "bartizan audit show DECISION" or "bartizan audit verify"', 2)
  },
}
