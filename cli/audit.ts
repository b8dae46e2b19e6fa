import { parseArguments } from './arguments.ts'
import { ChainCheck } from './audit-chain.ts'
import { collectedLog, ownLog, type AuditLogSource } from './audit-log.ts'
import { Search } from './audit-search.ts'
import { verify } from './audit-verify.ts'
import type { Command, Io } from './command.ts'
import { UsageError } from './usage-error.ts'
import { auditFile, defaultState } from './state-names.ts'

const usage = `bartizan audit show DECISION [--state DIR | --file FILE...]
bartizan audit verify [--state DIR | --file FILE...]

Reads the audit log of "bartizan run", or what was collected from the gateways of a cluster.

  show     says who called what, and why it was let through or refused. DECISION is the id that stands in the answer
           to a refused call (d-...).
  verify   checks that the log is consistent: no line was changed, and none is missing between two others. It cannot
           know what was cut off the end, nor that the log was not written anew as a whole: no signed head is kept
           elsewhere that it could be compared with.

  --state DIR   state folder of "bartizan run", ${defaultState} unless it was given there; files that were rotated away
                are read as well
  --file FILE   a log that lies elsewhere, or - for standard input; again for more. It may begin anywhere, have other
                lines between, and be as "kubectl logs", containerd, CRI-O or Docker write it

  bartizan audit show d-k3v9x0q2lm-1f
  kubectl logs deploy/mcp-weather -c gateway | bartizan audit verify --file -
`

const options = { state: { type: 'string' }, file: { type: 'string', multiple: true } } as const

async function show(decision: string, log: AuditLogSource, io: Io): Promise<number> {
  const check = new ChainCheck(log.beginning)
  const search = new Search(decision)
  let firstWrong: string | undefined
  let count = 0
  for await (const { text, file, number } of log.lines()) {
    if (text === undefined) continue
    count += 1
    const { line, problem } = check.check(text)
    if (problem !== undefined) firstWrong ??= `${file}:${number}`
    const chain =
      firstWrong === undefined
        ? 'consistent up to this line'
        : `NOT consistent at ${firstWrong}: see "bartizan audit verify"`
    if (line) search.add(line, `${file}:${number}, the chain is ${chain}`)
  }
  const answer = search.answer()
  if (answer === undefined)
    throw new UsageError(
      `${decision}: not in ${log.name} (${count} lines); another gateway may have decided it, or it is a refusal that is added up, and the sum of ten seconds is still to come`,
    )
  io.out(answer)
  return 0
}

/** `bartizan audit show` and `bartizan audit verify`. */
export const audit: Command = {
  summary: 'look up one decision, or check that the audit log is consistent',
  usage,
  async run(args, io) {
    const { values, positionals } = parseArguments(args, options)
    const [verb, decision, ...further] = positionals
    const log = values.file ? collectedLog(values.file) : ownLog(auditFile(values.state ?? defaultState))
    if (verb === 'verify' && decision === undefined) return verify(log, io)
    if (verb === 'show' && decision !== undefined && further.length === 0) return show(decision, log, io)
    throw new UsageError('say "bartizan audit show DECISION" or "bartizan audit verify"', 2)
  },
}
