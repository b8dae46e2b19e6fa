import { expect, test } from 'vitest'
import { mint } from '../../hack/minted.ts'
import { secrets } from './secrets.ts'

const detector = secrets({})
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

test.each([
  ['ghp_ ', () => mint('github', r => `ghp_${r(36)}`)],
  ['AKIA ', () => mint('aws', r => `AKIA${r(16, upper)}`)],
  ['token ', () => `password=${mint('password', r => `Zq8${r(21)}`)}`],
])('a secret that is found alone is found behind any number of decoys %j', (decoy, secret) => {
  let value = secret()
  // A random value may look like a stand-in, and then it is none.
  while (detector.find(value).length === 0) value = secret()
  for (const count of [0, 1, 7, 8, 9, 20, 100]) {
    const text = decoy.repeat(count) + value
    expect(detector.find(text).some(({ end }) => end >= text.length - 1)).toBe(true)
  }
})

test('a rule that looks in vain without end reports what it could not judge', () => {
  const text = 'authorization='.repeat(4000)
  expect(detector.find(text).length).toBeGreaterThan(0)
})

test('an ordinary text about tokens and keys is none', () => {
  expect(
    detector.find('The bearer token goes into the header. Each token has a key, each key a token. '.repeat(50)),
  ).toEqual([])
})
