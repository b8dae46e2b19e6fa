import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '../errors.ts'
import { ChunkBuffer } from './chunk-buffer.ts'
import type { HeldBytes, Waiting } from './memory.ts'

/** What became of a body: its bytes (still reserved in `held`), a refusal, or the client left. */
export type BodyRead = { readonly bytes: Buffer } | { readonly refused: ErrorCode } | { readonly left: true }

/** Where the bytes are counted, and for whom. */
export type Share = { readonly held: HeldBytes; readonly owner: string }

/**
 * Reads a request body that is bounded twice: by its own limit and by what all calls may hold. The reservation of accepted bytes is the
 * caller's to release; a refused or broken body releases its own.
 */
export function readRequestBody(res: ServerResponse, maxBytes: number, share: Share): Promise<BodyRead> {
  const { req } = res
  const { held, owner } = share
  const declared = Number(req.headers['content-length'] ?? 0)
  if (declared > maxBytes) return Promise.resolve({ refused: 'PayloadTooLarge' })
  // A client that left before its body is read sends no more of it.
  if (res.destroyed) return Promise.resolve({ left: true })
  // Node would have it sent before the head was looked at.
  if (req.headers.expect !== undefined) res.writeContinue()
  return new Promise(resolve => {
    const buffered = new ChunkBuffer()
    let over = false
    let rest: Waiting | undefined
    const finish = (read: BodyRead): void => {
      if (over) return
      over = true
      if (rest) held.settled(rest)
      // What is refused is kept no longer than it is counted.
      if (!('bytes' in read)) held.give(owner, buffered.take().length)
      resolve(read)
    }
    req.on('data', (chunk: Buffer) => {
      if (over) return
      if (buffered.length + chunk.length > maxBytes) return finish({ refused: 'PayloadTooLarge' })
      if (!held.take(owner, chunk.length)) return finish({ refused: 'Busy' })
      buffered.push(chunk)
      // Most requests come in one piece.
      if (rest || buffered.length === declared) return
      rest = { share: owner, since: held.now(), giveWay: () => finish({ refused: 'Busy' }) }
      held.waits(rest)
    })
    req.on('end', () => finish({ bytes: buffered.take() }))
    req.on('close', () => finish({ left: true }))
  })
}
