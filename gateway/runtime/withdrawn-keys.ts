import { compileKey, type CompiledKey } from '../config/access.ts'
import type { Key } from '../config/keys.ts'
import type { Withdrawal } from '../config/withdrawal.ts'

/** What one message said of a key. */
type WithdrawalNote = { readonly generation: number; readonly key: CompiledKey | undefined; readonly size: number }

/** Characters of keys that are remembered, those of all objects together. The oldest go first: a file that is older than they are does not come any more. */
const maxCharacters = 4 * 1024 * 1024
/** What a note takes beside its key. */
const noteOverhead = 256
/** Messages about one object. */
const maxNotesPerKey = 8

const both =
  <T>(first: (value: T) => boolean, second: (value: T) => boolean) =>
  (value: T): boolean =>
    first(value) && second(value)

/** What two descriptions of one key allow both of them. */
const intersection = (older: CompiledKey, newer: CompiledKey): CompiledKey => ({
  name: older.name,
  uid: older.uid,
  digests: older.digests.filter(digest => newer.digests.includes(digest)),
  revoked: older.revoked || newer.revoked,
  expiresAt: Math.min(older.expiresAt, newer.expiresAt),
  reads: older.reads && newer.reads,
  executes: older.executes && newer.executes,
  servers: both(older.servers, newer.servers),
  tools: both(older.tools, newer.tools),
})

/** The newest eight. A file that is older than those is believed in nothing. */
function bounded(notes: readonly WithdrawalNote[]): WithdrawalNote[] {
  const [oldest, ...rest] = notes.slice(-maxNotesPerKey)
  return notes.length <= maxNotesPerKey ? [...notes] : [{ ...oldest!, key: undefined }, ...rest]
}

/**
 * What was withdrawn of keys by message, ahead of the file that says the same. It can only take away: a key counts as far as the file allows it,
 * and all messages that are newer than the file. What was taken comes back by a newer file alone. That makes it harmless to hear a message twice, late, or in
 * another order.
 */
export class WithdrawnKeys {
  readonly #notes = new Map<string, readonly WithdrawalNote[]>()
  #size = 0
  /** Grows whenever a key of the file may come to something else. */
  revision = 0

  /** Whether anything was new. */
  note(withdrawals: readonly Withdrawal[]): boolean {
    const news = withdrawals.filter(one => this.#noteOne(one))
    if (news.length > 0) this.revision += 1
    for (const uid of this.#notes.keys()) {
      if (this.#size <= maxCharacters) break
      this.#replace(uid, [])
    }
    return news.length > 0
  }

  /** What a key of the file comes to. Digests that it has lost are known, and refused as revoked. */
  compile(key: Key): readonly CompiledKey[] {
    const written = compileKey(key)
    const notes = key.uid === undefined ? [] : (this.#notes.get(key.uid) ?? [])
    const newer = notes.filter(({ generation }) => generation > (key.generation ?? 0))
    const left = newer.reduce<CompiledKey | undefined>(
      (sum, note) => sum && note.key && intersection(sum, note.key),
      written,
    )
    if (!left) return [{ ...written, revoked: true }]
    const lost = written.digests.filter(digest => !left.digests.includes(digest))
    return [left, ...(lost.length > 0 ? [{ ...written, digests: lost, revoked: true }] : [])]
  }

  #noteOne({ uid, generation = Infinity, key }: Withdrawal): boolean {
    const before = this.#notes.get(uid) ?? []
    if (before.some(note => note.generation === generation || note.generation === Infinity)) return false
    const size = noteOverhead + (key ? JSON.stringify(key).length : 0)
    const note = { generation, key: key && compileKey(key), size }
    const all = [...before, note].toSorted((a, b) => a.generation - b.generation)
    this.#replace(uid, generation === Infinity ? [note] : bounded(all))
    return true
  }

  /** What changed last counts as young. */
  #replace(uid: string, notes: readonly WithdrawalNote[]): void {
    for (const { size } of this.#notes.get(uid) ?? []) this.#size -= size
    this.#notes.delete(uid)
    for (const { size } of notes) this.#size += size
    if (notes.length > 0) this.#notes.set(uid, notes)
  }
}
