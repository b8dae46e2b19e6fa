import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '../errors.ts'
import { ChunkBuffer } from './chunk-buffer.ts'
import type { HeldBytes, Waiting } from './memory.ts'

/** What became of a body: its bytes (still reserved in `held`), a refusal, or nobody there any more. */
export type BodyDone = (refused: ErrorCode | undefined, bytes: Buffer) => void

/** Where the bytes are counted, and for whom. */
export type Share = { readonly held: HeldBytes; readonly owner: string }

const nothing = Buffer.alloc(0)

/**
 * Reads a request body that is bounded twice: by its own limit and by what all calls may hold. The reservation of accepted bytes is the
 * caller's to give back; a refused or broken body gives back its own.
 */
export function readRequestBody(res: ServerResponse, maxBytes: number, share: Share, done: BodyDone): void {
  const { req } = res
  const { held, owner } = share
  const declared = Number(req.headers['content-length'] ?? 0)
  if (declared > maxBytes) return done('PayloadTooLarge', nothing)
  // Node would have it sent before anybody looked at the head.
  if (req.headers.expect !== undefined) res.writeContinue()
  const gathered = new ChunkBuffer()
  let over = false
  let rest: Waiting | undefined
  const finish = (refused: ErrorCode | undefined, bytes: Buffer): void => {
    if (over) return
    over = true
    if (rest) held.settled(rest)
    // What is refused is kept no longer than it is counted.
    if (refused !== undefined) held.give(owner, gathered.take().length)
    done(refused, bytes)
  }
  req.on('data', (chunk: Buffer) => {
    if (over) return
    if (gathered.length + chunk.length > maxBytes) return finish('PayloadTooLarge', nothing)
    if (!held.take(owner, chunk.length)) return finish('Busy', nothing)
    gathered.push(chunk)
    // Most requests come in one piece.
    if (rest || gathered.length === declared) return
    rest = { share: owner, since: held.now(), giveWay: () => finish('Busy', nothing) }
    held.waits(rest)
  })
  req.on('end', () => finish(undefined, gathered.take()))
  req.on('close', () => {
    if (over) return
    over = true
    if (rest) held.settled(rest)
    held.give(owner, gathered.length)
  })
}
