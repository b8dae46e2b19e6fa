import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { mint } from '../minted.ts'
import { pattern } from '../../gateway/config/pattern.ts'

/** What differs from run to run, and stands in samples as a name: `$PORT`, `$DIGEST`, `$TOKEN`. */
export type World = {
  readonly port: number
  /** A key, and another one. */
  readonly key: string
  readonly otherKey: string
  /** Texts that the detector for secrets finds. */
  readonly token: string
  readonly otherToken: string
  /** Values of secret slots by the name of their file, minted when they are first read. */
  readonly slots: Map<string, string>
}

const digest = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`

const token = (): string => mint('github-token', random => `ghp_${random(36)}`)

/** Mints what a run needs. */
export const world = (port: number): World => ({
  port,
  key: mint('api-key'),
  otherKey: mint('api-key'),
  token: token(),
  otherToken: token(),
  slots: new Map(),
})

/** The value of a secret slot. */
export function slot(world: World, file: string): Buffer {
  const value = world.slots.get(file) ?? mint('slot')
  world.slots.set(file, value)
  return Buffer.from(value)
}

const child = join(import.meta.dirname, 'child.mjs')

const names = (world: World): readonly (readonly [string, string])[] => [
  ['$PORT', String(world.port)],
  ['$DIGEST', digest(world.key)],
  ['$OTHERDIGEST', digest(world.otherKey)],
  ['$TOKEN', world.token],
  ['$OTHERTOKEN', world.otherToken],
  ['$NODE', process.execPath],
  ['$CHILD', child],
]

/** Puts the real values in place of the names. A text that is `$PORT` alone becomes a number. */
export function filled<T>(sample: T, world: World): T {
  let text = JSON.stringify(sample).replaceAll('"$PORT"', String(world.port))
  for (const [name, value] of names(world)) text = text.replaceAll(pattern(`\\${name}\\b`, 'g'), value)
  return JSON.parse(text) as T
}

/** The other way round: what was observed, without what differs from run to run. */
export function normal(line: string, world: World): string {
  let text = line
  for (const [name, value] of names(world)) text = text.replaceAll(value, name)
  for (const [file, value] of world.slots) text = text.replaceAll(value, `the value of ${file}`)
  return text.replaceAll(/\bd-[0-9a-z]{10,}-[0-9a-z]+\b/g, 'd-…')
}
