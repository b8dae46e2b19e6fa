import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errors } from './errors.ts'

const sources = globSync('**/*.ts', { cwd: import.meta.dirname })
  .filter(file => file !== 'errors.ts' && !/\.test\.ts$|testdata/.test(file))
  .map(file => readFileSync(join(import.meta.dirname, file), 'utf8'))

const unanswered = (codes: readonly string[]): string[] =>
  codes.filter(code => !sources.some(text => text.includes(`'${code}'`)))

test('every error code is answered with somewhere in the gateway', () => {
  expect(unanswered(Object.keys(errors)), 'no file of the gateway names these codes').toEqual([])
})

test('a code that nothing answers with is named', () => {
  expect(unanswered(['Internal', 'NeverAnswered'])).toEqual(['NeverAnswered'])
})
