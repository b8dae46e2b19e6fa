import { createHash } from 'node:crypto'
import type { GatewayConfig, KeysFile } from './index.ts'

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0)

/** Members in one order, and those that are not set left out: equal values are equal text. Lists keep their order, which means something. */
const ordered = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(byName))
    : value

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The keys of a namespace are the same object for each of its servers, and by far the larger part. */
const known = new WeakMap<KeysFile, string>()

function canonical(keys: KeysFile): string {
  const text = known.get(keys) ?? JSON.stringify(keys, ordered)
  known.set(keys, text)
  return text
}

/**
 * Names a configuration: SHA-256, hexadecimal, over the parsed values in canonical JSON, never over text. The gateway computes it for what it
 * has compiled, the operator for what it wants; two spellings of one configuration are the same.
 */
export const configurationHash = (gateway: GatewayConfig, keys: KeysFile): string =>
  sha256(`[${JSON.stringify(gateway, ordered)},${canonical(keys)}]`)

/** The same for the keys alone: they may be in force while the policies beside them were refused. */
export const keysHash = (keys: KeysFile): string => sha256(canonical(keys))

/** Names any other plain value: equal values have equal names, whatever the order of their members. */
export const hashOf = (value: unknown): string => sha256(JSON.stringify(value, ordered))
