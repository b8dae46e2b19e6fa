import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { slowTests } from './slow.ts'

/** What is read of vitest's JSON report; times are milliseconds. */
const report = z.object({
  testResults: z.array(z.object({ name: z.string(), startTime: z.number(), endTime: z.number() })),
})

export type Times = z.infer<typeof report>

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} s`

/** What the test files took, with and without those that are slow, and which of the others may have become so. */
export function told(run: Times, slow: readonly string[], root: string): string[] {
  const all = run.testResults
    .map(({ name, startTime, endTime }) => ({
      file: relative(root, name).replaceAll('\\', '/'),
      took: endTime - startTime,
    }))
    .toSorted((a, b) => b.took - a.took)
  const fast = all.filter(({ file }) => !slow.includes(file))
  const sum = (files: typeof all): string => seconds(files.reduce((total, { took }) => total + took, 0))
  return [
    `${all.length} test files took ${sum(all)} one by one, the ${fast.length} of "npm run test:fast" ${sum(fast)}; of these the slowest:`,
    ...fast.slice(0, 5).map(({ file, took }) => `${seconds(took).padStart(6)} ${file}`),
  ]
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const run = report.parse(JSON.parse(readFileSync(join(root, 'out', 'tests.json'), 'utf8')))
  process.stdout.write(`${told(run, slowTests(), root).join('\n')}\n`)
}
