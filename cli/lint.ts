import { parseArguments } from './arguments.ts'
import { check, inOrder, problemLine } from './check.ts'
import type { Command } from './command.ts'
import { UsageError } from './usage-error.ts'
import { readSources } from './files.ts'
import { load } from './load.ts'
import { checkSemantics } from './semantics.ts'

const usage = `bartizan lint FILE|DIR...

Reads manifests as "bartizan run" and the operator do, and says what is wrong with them: one line each, as
file:line:column path: what to do. Of a folder, its *.yaml, *.yml and *.json are read. Environment variables that a
Secret names by \${NAME} need not be set here. Exits with 1 when something is wrong.

  bartizan lint servers/ keys.yaml
`

/** `bartizan lint`. */
export const lint: Command = {
  summary: 'say what is wrong with manifests, and where',
  usage,
  run(args, io) {
    const { positionals } = parseArguments(args, {})
    if (positionals.length === 0)
      throw new UsageError('name the files or folders to read: bartizan lint FILE|DIR...', 2)
    const loaded = load(readSources(positionals), undefined)
    const problems = inOrder(loaded, [...check(loaded), ...checkSemantics(loaded, io.random(32))])
    for (const problem of problems) io.out(problemLine(problem))
    for (const note of loaded.notes) io.err(`${note}\n`)
    const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
    io.err(
      `${count(loaded.resources.length, 'object')} in ${count(loaded.files.size, 'file')}: ${count(problems.length, 'problem')}\n`,
    )
    return Promise.resolve(problems.length === 0 ? 0 : 1)
  },
}
