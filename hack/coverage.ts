import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { parseRows, proofs, type Rows } from './coverage-rows.ts'

/** What is read of vitest's JSON report. */
const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(
        z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() }),
      ),
    }),
  ),
})

export type Report = z.infer<typeof report>

/** Statuses by `file > describe > … > test`; the files relative to the root. A name that occurs twice keeps every status. */
function statuses(run: Report, root: string): Map<string, string[]> {
  const all = new Map<string, string[]>()
  for (const { name, assertionResults } of run.testResults) {
    const file = relative(root, name).replaceAll('\\', '/')
    for (const { ancestorTitles, title, status } of assertionResults) {
      const full = [file, ...ancestorTitles.filter(Boolean), title].join(' > ')
      all.set(full, [...(all.get(full) ?? []), status])
    }
  }
  return all
}

/** Every proof of a done row that the run does not bear out: it did not run, did not pass, or was skipped. */
export function unresolved(rows: Rows, run: Report, root: string): string[] {
  const ran = statuses(run, root)
  return proofs(rows).flatMap(({ id, proof }) => {
    const found = ran.get(proof)
    if (found === undefined) return [`${id}: no such test ran: ${proof}`]
    return found.every(status => status === 'passed') ? [] : [`${id}: ${found.join(', ')}: ${proof}`]
  })
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const rows = parseRows(readFileSync(join(root, 'docs', 'coverage.yaml'), 'utf8'))
  const run = report.parse(JSON.parse(readFileSync(join(root, 'out', 'tests.json'), 'utf8')))
  const problems = unresolved(rows, run, root)
  for (const problem of problems) console.error(`coverage: ${problem}`)
  const count = (status: string): number => Object.values(rows).filter(row => row.status === status).length
  console.log(
    `coverage: ${count('done')} rows done, ${count('open')} open, ${count('decided-otherwise')} decided otherwise, ${problems.length} proofs unresolved`,
  )
  if (problems.length > 0) process.exitCode = 1
}
