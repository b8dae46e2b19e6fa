import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

const known = ['image', 'url', 'healthCheck', 'timeouts', 'toolPolicy', 'secretName', 'secrets']

test.each([
  ['healthcheck', 'healthCheck'],
  ['imgae', 'image'],
  ['timeout', 'timeouts'],
  ['toolPolicies', 'toolPolicy'],
  ['urls', 'url'],
  ['secret', 'secrets'],
])('%s most likely means %s', (typed, meant) => {
  expect(nearest(typed, known)).toBe(meant)
})

test('a word that is all of a longer one but for its end means that one', () => {
  expect(nearest('secret', ['secretName'])).toBe('secretName')
})

test.each(['replicas', 'x', ''])('%j means none of them', typed => {
  expect(nearest(typed, known)).toBeUndefined()
})
