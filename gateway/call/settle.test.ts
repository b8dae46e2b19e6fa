import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = import.meta.dirname
const sources = globSync('**/*.ts', { cwd: folder }).filter(file => !file.endsWith('.test.ts'))
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8')

test('only settle.ts renders, audits and counts what was decided', () => {
  const acts = /from '[./]*(?:audit-line|render)\.ts'|\bmetrics\.(?:decision|request)\(|\baudit\.write\(/
  const acting = sources.filter(file => acts.test(textOf(file)))
  expect(acting.toSorted()).toEqual(['audit-line.ts', 'settle.ts'])
})

test('the decision writes nothing to the response', () => {
  const deciding = sources.filter(file => file === 'decide.ts' || file.startsWith('decision/'))
  const writes = /\bres\.(?:writeHead|write|end|setHeader|destroy|shouldKeepAlive)\b/
  expect(deciding.length).toBeGreaterThan(8)
  expect(deciding.filter(file => writes.test(textOf(file)))).toEqual([])
})

test('the decision is read on a page', () => {
  expect(textOf('decide.ts').split('\n').length).toBeLessThanOrEqual(150)
})
