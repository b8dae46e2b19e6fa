import { expect, test } from 'vitest'
import { statusesOf, translate, type Desired, type GeneratedKey, type Snapshot } from '../index.ts'

const apiVersion = 'mcp.gateway.io/v1'
const [one, two] = ['1', '2'].map(digit => `sha256:${digit.repeat(64)}`) as [string, string]

/** Keys in the order in which they were made. */
const key = (name: string, second: number, spec: object): object => ({
  apiVersion,
  kind: 'APIKey',
  metadata: { name, uid: `u-${name}`, generation: 1, creationTimestamp: `2026-01-01T00:00:0${second}Z` },
  spec: { allowedServers: ['*'], ...spec },
})
const made = (name: string, second: number, secretName: string): object =>
  key(name, second, { generate: { secretName } })
const held = (name: string, second: number, ...digests: string[]): object => key(name, second, { digests })
const server = (name: string): object => ({
  apiVersion,
  kind: 'MCPServer',
  metadata: { name },
  spec: { url: 'http://10.0.0.1/mcp' },
})

const given = (documents: readonly object[], more: Partial<Snapshot> = {}): Desired =>
  translate({ standalone: false, namespace: 'default', documents, secrets: [], lastGood: [], ...more })

const accepted = (desired: Desired): Record<string, string> =>
  Object.fromEntries(
    statusesOf(desired)
      .filter(({ kind }) => kind === 'APIKey')
      .map(({ name, status }) => [name, status.conditions.find(({ type }) => type === 'Accepted')?.reason ?? '']),
  )
const inForce = ({ keys }: Desired): Record<string, readonly string[]> =>
  Object.fromEntries(keys.keys.map(({ name, digests }) => [name, digests]))
const fact = (apiKey: string, digest: string, secretName: string): GeneratedKey => ({ apiKey, digest, secretName })

test('of two keys that ask for one Secret the older one gets it', () => {
  const desired = given([made('b', 1, 'shared'), made('a', 2, 'shared')])
  expect(accepted(desired)).toEqual({ a: 'SecretReserved', b: 'Accepted' })
  expect(desired.generate.filter(({ denied }) => denied !== true).map(({ apiKey }) => apiKey)).toEqual(['b'])
})

test('a key that was made stands, whoever asks for its Secret now, and stays in force', () => {
  const documents = [made('old', 1, 'mine'), made('new', 2, 'mine')]
  for (const generated of [[fact('old', one, 'mine')], [fact('new', one, 'mine')]]) {
    const [{ apiKey }] = generated as [GeneratedKey]
    const desired = given(documents, { generated })
    expect(accepted(desired)).toMatchObject({ [apiKey]: 'Accepted' })
    expect(inForce(desired)).toEqual({ [apiKey]: [one] })
  }
})

test('one that asks for the Secret of another keeps the key that it has, and takes none away', () => {
  const documents = [made('older', 1, 'hers'), made('younger', 2, 'hers')]
  const generated = [fact('older', one, 'former'), fact('younger', two, 'hers')]
  const desired = given(documents, { generated })
  expect(accepted(desired)).toEqual({ older: 'SecretReserved', younger: 'Accepted' })
  expect(inForce(desired)).toEqual({ older: [one], younger: [two] })
})

test('a server, or another key, whose own Secret is to be named so does not end a key that is there', () => {
  const generated = [fact('a', one, 'pay-guard'), fact('b', two, 'c-digest')]
  const documents = [made('a', 1, 'pay-guard'), made('b', 1, 'c-digest'), made('c', 2, 'c-key'), server('pay')]
  const desired = given(documents, { generated })
  expect(accepted(desired)).toEqual({ a: 'Accepted', b: 'Accepted', c: 'Accepted' })
  expect(inForce(desired)).toEqual({ a: [one], b: [two] })
  expect(accepted(given(documents))).toMatchObject({ a: 'SecretReserved', b: 'SecretReserved' })
})

test('when the first one goes, the second one comes in', () => {
  expect(accepted(given([made('a', 2, 'shared')]))).toEqual({ a: 'Accepted' })
})

test('a digest is that of the older key, and who copies it gets nothing and takes nothing away', () => {
  const desired = given([held('b', 1, one), held('a', 2, one, two)])
  expect(accepted(desired)).toEqual({ a: 'DuplicateDigest', b: 'Accepted' })
  expect(inForce(desired)).toEqual({ a: [two], b: [one] })
})

test('an older key that copies a digest later does not take it over, however often it is looked', () => {
  const [victim, before, copying] = [held('victim', 2, one), held('thief', 1, two), held('thief', 1, two, one)]
  let { lastGood } = given([victim, before])
  for (let look = 0; look < 3; look++) {
    const desired = given([victim, copying], { lastGood })
    expect(inForce(desired)).toEqual({ thief: [two], victim: [one] })
    expect(accepted(desired)).toEqual({ thief: 'DuplicateDigest', victim: 'Accepted' })
    lastGood = desired.lastGood
  }
})

test('nor does it take over the digest of a key that was made here', () => {
  const desired = given([made('victim', 2, 'mine'), held('thief', 1, one)], {
    generated: [fact('victim', one, 'mine')],
  })
  expect(inForce(desired)).toEqual({ victim: [one] })
})

test('without a cluster, where nobody can tell which was first, a digest lets nobody in', () => {
  const plain = (name: string): object => ({
    apiVersion,
    kind: 'APIKey',
    metadata: { name },
    spec: { digests: [one], allowedServers: ['*'] },
  })
  const desired = given([plain('a'), plain('b')], { standalone: true })
  expect(accepted(desired)).toEqual({ a: 'DuplicateDigest', b: 'DuplicateDigest' })
  expect(inForce(desired)).toEqual({})
})
