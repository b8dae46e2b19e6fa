import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CompiledKey } from '../config/access.ts'
import type { Key } from '../config/keys.ts'
import type { Withdrawal } from '../config/withdrawal.ts'
import { WithdrawnKeys } from './withdrawn-keys.ts'

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const [a, b] = [digest('a'), digest('b')]
const key = (generation: number, more: Partial<Key> = {}): Key => ({
  name: 'alice',
  uid: 'u1',
  generation,
  digests: [a, b],
  allowedServers: ['*'],
  ...more,
})

const after = (...withdrawals: Withdrawal[]): WithdrawnKeys => {
  const withdrawn = new WithdrawnKeys()
  withdrawn.note(withdrawals)
  return withdrawn
}

const tools = ['echo', 'read_file', 'write_file']
const servers = ['weather', 'files']

/** Everything that a compiled key lets its holder do, a line each. */
const allowed = (keys: readonly CompiledKey[]): string[] =>
  keys.flatMap(one =>
    one.revoked
      ? []
      : one.digests.flatMap(by => [
          ...(one.reads ? [`${by} reads until ${one.expiresAt}`] : []),
          ...(one.executes ? [`${by} executes until ${one.expiresAt}`] : []),
          ...servers.filter(one.servers).map(server => `${by} ${server}`),
          ...tools.filter(one.tools).map(tool => `${by} ${tool}`),
        ]),
  )

test.each<[string, Withdrawal, Key, Partial<CompiledKey>[]]>([
  ['an object that is gone', { uid: 'u1' }, key(7), [{ revoked: true }]],
  ['a key that does not compile any more', { uid: 'u1', generation: 3 }, key(2), [{ revoked: true }]],
  ['a file as new as that', { uid: 'u1', generation: 3 }, key(3), [{ revoked: false }]],
  ['a file that is newer', { uid: 'u1', generation: 3 }, key(4), [{ revoked: false }]],
  ['another object of that name', { uid: 'u2' }, key(1), [{ revoked: false }]],
  ['a key of a file that does not say whose it is', { uid: 'u1' }, { ...key(1), uid: undefined }, [{ revoked: false }]],
  ['revoked', { uid: 'u1', generation: 2, key: key(2, { revoked: true }) }, key(1), [{ revoked: true }]],
  [
    'one digest of two',
    { uid: 'u1', generation: 2, key: key(2, { digests: [b] }) },
    key(1),
    [
      { digests: ['b'.repeat(64)], revoked: false },
      { digests: ['a'.repeat(64)], revoked: true },
    ],
  ],
  [
    'an earlier end',
    { uid: 'u1', generation: 2, key: key(2, { expiresAt: '2026-01-01T00:00:00Z' }) },
    key(1, { expiresAt: '2027-01-01T00:00:00Z' }),
    [{ expiresAt: Date.parse('2026-01-01T00:00:00Z') }],
  ],
  [
    'a later end, which the file has to say',
    { uid: 'u1', generation: 2, key: key(2) },
    key(1, { expiresAt: '2026-01-01T00:00:00Z' }),
    [{ expiresAt: Date.parse('2026-01-01T00:00:00Z') }],
  ],
  [
    'fewer scopes',
    { uid: 'u1', generation: 2, key: key(2, { scopes: ['servers:read'] }) },
    key(1),
    [{ executes: false }],
  ],
])('%s', (_, withdrawal, written, expected) => {
  expect(after(withdrawal).compile(written)).toMatchObject(expected)
})

test('what was taken comes back by a newer file alone, in whatever order the messages come', () => {
  const revoked: Withdrawal = { uid: 'u1', generation: 2, key: key(2, { revoked: true }) }
  const again: Withdrawal = { uid: 'u1', generation: 3, key: key(3, { digests: [b] }) }
  for (const order of [
    [revoked, again],
    [again, revoked],
    [revoked, again, revoked, again],
  ]) {
    const withdrawn = after(...order)
    expect(allowed(withdrawn.compile(key(1)))).toEqual([])
    expect(allowed(withdrawn.compile(key(2, { revoked: true })))).toEqual([])
    expect(allowed(withdrawn.compile(key(3, { digests: [b] })))).not.toEqual([])
    withdrawn.note([{ uid: 'u1', generation: 4, key: key(4, { allowedTools: ['echo'] }) }])
    const [left] = withdrawn.compile(key(3, { digests: [b] }))
    expect([left!.revoked, left!.tools('echo'), left!.tools('write_file')]).toEqual([false, true, false])
  }
})

test('of an object that changes all the time the newest changes are known, and what is older is believed in nothing', () => {
  const withdrawn = after()
  for (let generation = 2; generation <= 30; generation++)
    withdrawn.note([{ uid: 'u1', generation, key: key(generation) }])
  expect(allowed(withdrawn.compile(key(30)))).not.toEqual([])
  expect(allowed(withdrawn.compile(key(24)))).not.toEqual([])
  expect(allowed(withdrawn.compile(key(1)))).toEqual([])
})

test('what is heard again is no news', () => {
  const withdrawn = new WithdrawnKeys()
  expect(withdrawn.note([{ uid: 'u1', generation: 2 }])).toBe(true)
  expect(withdrawn.note([{ uid: 'u1', generation: 2 }])).toBe(false)
  expect(withdrawn.note([{ uid: 'u1' }])).toBe(true)
  expect(withdrawn.note([{ uid: 'u1', generation: 9 }])).toBe(false)
})

test('the oldest is forgotten first, and no more is kept than there is room for', () => {
  const withdrawn = after({ uid: 'u1' })
  const many = (from: number, number: number) =>
    Array.from({ length: number }, (_, at) => ({ uid: `other-${from + at}` }))
  withdrawn.note(many(0, 16_383))
  expect(withdrawn.compile(key(1))).toMatchObject([{ revoked: true }])
  withdrawn.note([{ uid: 'one more' }])
  expect(withdrawn.compile(key(1))).toMatchObject([{ revoked: false }])
  expect(withdrawn.compile({ ...key(1), uid: 'other-0' })).toMatchObject([{ revoked: true }])
  const large = key(2, { allowedTools: Array.from({ length: 256 }, () => 'x'.repeat(128)) })
  withdrawn.note(Array.from({ length: 500 }, (_, at) => ({ uid: `large-${at}`, generation: 2, key: large })))
  expect(withdrawn.compile({ ...key(1), uid: 'other-0' })).toMatchObject([{ revoked: false }])
  expect(withdrawn.compile({ ...key(1), uid: 'large-499' })[0]!.tools('echo')).toBe(false)
})

const someKey = fc.record(
  {
    name: fc.constant('alice'),
    uid: fc.constantFrom('u1', 'u2'),
    generation: fc.integer({ min: 1, max: 4 }),
    digests: fc.subarray([a, b, digest('c')], { minLength: 1 }),
    allowedServers: fc.subarray(['*', 'weather', 'f*'], { minLength: 1 }),
    allowedTools: fc.subarray(['*', 'read_*', 'echo']),
    scopes: fc.subarray(['servers:read', 'gateway:execute'] as const),
    expiresAt: fc.constantFrom('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'),
    revoked: fc.boolean(),
  },
  { requiredKeys: ['name', 'uid', 'generation', 'digests', 'allowedServers'] },
)
const someWithdrawal = fc.record(
  { uid: fc.constantFrom('u1', 'u2'), generation: fc.integer({ min: 1, max: 4 }), key: someKey },
  { requiredKeys: ['uid'] },
)

/** A time is a bound: what may be done until later may be done until now, too. */
const timeless = (lines: readonly string[]): string[] => lines.map(line => line.replace(/ until .*/, ''))

test('property: a withdrawal gives nobody anything, and hearing all again changes nothing', () => {
  fc.assert(
    fc.property(someKey, fc.array(someWithdrawal, { maxLength: 5 }), (written, withdrawals) => {
      const before = new WithdrawnKeys().compile(written)
      const withdrawn = after(...withdrawals)
      const left = withdrawn.compile(written)
      expect(timeless(allowed(before))).toEqual(expect.arrayContaining(timeless(allowed(left))))
      for (const one of left) expect(one.expiresAt).toBeLessThanOrEqual(before[0]!.expiresAt)
      // Whoever comes with a digest of the file is known, so that he is told why he is refused.
      expect(left.flatMap(({ digests }) => digests).toSorted()).toEqual(before[0]!.digests.toSorted())
      withdrawn.note(withdrawals)
      expect(allowed(withdrawn.compile(written))).toEqual(allowed(left))
    }),
  )
})
