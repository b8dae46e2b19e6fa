import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where everything that a test run leaves behind is kept. */
export const out = join(import.meta.dirname, '..', 'out')

/** The register of minted secrets: one JSON line each. */
export const register = (): string => process.env['BARTIZAN_MINTED'] ?? join(out, 'minted.txt')

/** Where captured output is kept. */
export const sinks = (): string => process.env['BARTIZAN_SINKS'] ?? join(out, 'sinks')

export type Minted = { readonly kind: string; readonly value: string }

/** What a secret must never reach: what a process logs, audits, counts, answers on errors, calls itself, and hands to its children. */
export const sinkKinds = ['log', 'audit', 'metrics', 'error', 'title', 'environment'] as const
export type SinkKind = (typeof sinkKinds)[number]

const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Random characters of an alphabet of at most 256; without bias, bytes beyond the last whole multiple are thrown away. */
export function random(length: number, alphabet = alphanumeric): string {
  const bound = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < bound && text.length < length) text += alphabet[byte % alphabet.length]!
    }
  }
  return text
}

/** A random text of its own shape. */
export type Spelling = (random: (length: number, alphabet?: string) => string) => string

/** 43 alphanumeric characters hold 256 bits. */
const shapes: Readonly<Record<string, Spelling>> = {
  'api-key': r => `btz_${r(8, 'abcdefghijklmnopqrstuvwxyz0123456789')}_${r(43)}`,
}

/**
 * The only way for a test to have a secret: makes a random one and registers it, so that `hack/leaks.ts` looks for it after the suite.
 * @param kind what it is; `api-key` has a shape of its own, everything else is 43 alphanumeric characters
 * @param shape another spelling, such as `r => 'ghp_' + r(36)`. The last twelve characters must be random, since they are searched for alone.
 */
export function mint(kind: string, shape: Spelling = shapes[kind] ?? (r => r(43))): string {
  const value = shape(random)
  if (value.length < 16 || value.slice(-12) === shape(random).slice(-12)) {
    throw new Error(`mint(${kind}): at least 16 characters, of which the last twelve are random`)
  }
  const file = register()
  mkdirSync(dirname(file), { recursive: true })
  appendFileSync(file, `${JSON.stringify({ kind, value } satisfies Minted)}\n`)
  return value
}

/** The file into which a test writes what it captured; the same for the same name within a process. */
export function sink(kind: SinkKind, name: string): string {
  const folder = join(sinks(), kind)
  mkdirSync(folder, { recursive: true })
  return join(folder, `${name.replaceAll(/[^A-Za-z0-9._-]/g, '-')}.${process.pid}`)
}

/** Appends what was captured to its sink. */
export const keep = (kind: SinkKind, name: string, captured: string | Uint8Array): void =>
  appendFileSync(sink(kind, name), captured)
