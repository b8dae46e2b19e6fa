import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { catalogue } from './reasons.ts'

const reasons = new Set(Object.values(catalogue).flatMap(own => Object.keys(own)))
const goldens = globSync(`${import.meta.dirname}/../testdata/*.yaml`).map(file => readFileSync(file, 'utf8'))

/** Too many to be spelled out in a golden file; `view.test.ts` has them. */
const elsewhere = ['TooManyRules', 'TooManyHosts', 'TooManyKeys', 'TooManyServers', 'ConfigurationTooBig']

test.each([...reasons].filter(reason => !elsewhere.includes(reason)))('%s is in a golden file', reason => {
  expect(goldens.some(text => text.includes(`reason: ${reason}\n`))).toBe(true)
})
