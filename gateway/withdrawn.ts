import { compileKey, type CompiledKey } from './config/access.ts'
import type { Key } from './config/keys.ts'
import type { Withdrawal } from './config/withdrawal.ts'

type Newest = { readonly generation: number; readonly key: CompiledKey | undefined }

/** How many are remembered. A file that is older than the last ten thousand of them does not come any more. */
const most = 10_000

const both =
  <T>(first: (value: T) => boolean, second: (value: T) => boolean) =>
  (value: T): boolean =>
    first(value) && second(value)

/** What two descriptions of one key allow both of them. */
const common = (older: CompiledKey, newer: CompiledKey): CompiledKey => ({
  name: older.name,
  digests: older.digests.filter(digest => newer.digests.includes(digest)),
  revoked: older.revoked || newer.revoked,
  expiresAt: Math.min(older.expiresAt, newer.expiresAt),
  reads: older.reads && newer.reads,
  executes: older.executes && newer.executes,
  servers: both(older.servers, newer.servers),
  tools: both(older.tools, newer.tools),
})

/**
 * What was withdrawn of keys by message, ahead of the file that says the same. It can only take away: a key counts as far as the file allows it,
 * and, while the file is older, as far as the message does, too. That makes it harmless to hear a message twice, late, or in another order.
 */
export class Withdrawn {
  readonly #newest = new Map<string, Newest>()

  /** Whether anything was new. */
  note(withdrawals: readonly Withdrawal[]): boolean {
    const news = withdrawals.filter(one => this.#noteOne(one))
    for (const uid of this.#newest.keys()) {
      if (this.#newest.size <= most) break
      this.#newest.delete(uid)
    }
    return news.length > 0
  }

  #noteOne({ uid, generation = Infinity, key }: Withdrawal): boolean {
    const known = this.#newest.get(uid)
    if (known && known.generation >= generation) return false
    // What was changed again counts as young once more.
    this.#newest.delete(uid)
    this.#newest.set(uid, { generation, key: key && compileKey(key) })
    return true
  }

  /** What a key of the file comes to. Digests that it has lost are known, and refused as revoked. */
  compile(key: Key): readonly CompiledKey[] {
    const written = compileKey(key)
    const newest = key.uid === undefined ? undefined : this.#newest.get(key.uid)
    if (!newest || newest.generation <= (key.generation ?? 0)) return [written]
    if (!newest.key) return [{ ...written, revoked: true }]
    const left = common(written, newest.key)
    const lost = written.digests.filter(digest => !left.digests.includes(digest))
    return [left, ...(lost.length > 0 ? [{ ...written, digests: lost, revoked: true }] : [])]
  }
}
