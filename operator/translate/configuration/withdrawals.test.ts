import { expect, test } from 'vitest'
import type { Key, KeysFile } from '../../../gateway/config/keys.ts'
import { withdrawals } from './withdrawals.ts'

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const key = (uid: string, generation: number, more: Partial<Key> = {}): Key => ({
  name: `key-${uid}`,
  uid,
  generation,
  digests: [digest('a')],
  allowedServers: ['*'],
  ...more,
})
const file = (...keys: Key[]): KeysFile => ({ schema: 1, keys })
const there = (...keys: [string, number][]): Map<string, number> => new Map(keys)

const one = file(key('a', 1))

test.each<[string, KeysFile, Map<string, number>, unknown[]]>([
  ['nothing happened', file(key('a', 1)), there(['a', 1]), []],
  ['the object is gone', file(), there(), [{ uid: 'a' }]],
  ['another of its name has taken its place', file({ ...key('b', 1), name: 'key-a' }), there(['b', 1]), [{ uid: 'a' }]],
  [
    'it was changed',
    file(key('a', 2, { revoked: true })),
    there(['a', 2]),
    [{ uid: 'a', generation: 2, key: key('a', 2, { revoked: true }) }],
  ],
  ['it was changed so that nothing of it holds', file(), there(['a', 2]), [{ uid: 'a', generation: 2 }]],
  ['it was changed, and grants what it did', file(key('a', 2)), there(['a', 2]), []],
  ['a key was added', file(key('a', 1), key('b', 1)), there(['a', 1], ['b', 1]), []],
  // It may be over without a change of the object, and a withdrawal is for ever.
  ['another holds its digest', file(), there(['a', 1], ['b', 1]), []],
])('%s', (_, after, generations, expected) => {
  expect(withdrawals(one, after, generations)).toEqual(expected)
})

test('a key without an identity is left to the file', () => {
  const { uid: _, generation: __, ...plain } = key('a', 1)
  expect(withdrawals(file(plain), file(), there())).toEqual([])
})
