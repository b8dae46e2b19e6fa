import { isAscii } from 'node:buffer'
import type { ErrorCode } from '../errors.ts'
import type { Message, Read, ReadLimits } from '../exchange.ts'
import { envelope } from './envelope.ts'
import type { Sender } from './envelope.ts'
import { readJson } from './json.ts'
import type { Json, Scan } from './json.ts'
import { fold } from './names.ts'
import type { RuleSet } from './rules.ts'
import { elements, members, root } from './spans.ts'
import { openBracket, quote, scalarEnd, skipSpace, stringEnd } from './tokens.ts'

/** Reads a body or says why not; never throws. The message holds `bytes` itself, a batch holds slices of it. */
export type Reader = (bytes: Buffer, limits: ReadLimits) => Read

/** JSON-RPC batches of more are refused, as the official SDK does (revision 2025-03-26 sets no bound). */
export const maxBatch = 100

/** A reader with a given set of rules. The product's two are in message.ts; the fuzzer disables rules to prove that they are needed. */
export function reader(from: Sender, rules: RuleSet): Reader {
  const readOne: Reader = (bytes, limits) => {
    const json = readJson(bytes, limits, rules)
    if ('code' in json) return denied(json.code, json.detail, json.scan && idBeforeParse(bytes, json.scan, json.code))
    return judge(bytes, json)
  }

  const judge = (bytes: Buffer, json: Json): Read => {
    const found = envelope(json.value, idToken(bytes, json), from, rules)
    if ('code' in found) return denied(found.code, found.detail, idOf(bytes))
    // Written out by hand: a spread costs more than all checks of a small message.
    const message = found as { -readonly [K in keyof Message]: Message[K] }
    message.bytes = bytes
    message.plain = json.plain
    return { message }
  }

  return (bytes, limits) => {
    const first = skipSpace(bytes, 0)
    if (bytes[first] !== openBracket) return readOne(bytes, limits)
    const json = readJson(bytes, limits, rules)
    if ('code' in json) return denied(json.code, json.detail)
    return readBatch(bytes, limits, readOne, rules)
  }
}

function denied(code: ErrorCode, detail: string, id?: string): Read {
  return { denied: id === undefined ? { stage: 'read', code, detail } : { stage: 'read', code, detail, id } }
}

function readBatch(bytes: Buffer, limits: ReadLimits, readOne: Reader, rules: RuleSet): Read {
  const spans = elements(bytes, root(bytes))
  if (rules.batch && spans.length === 0) return denied('InvalidRequest', 'empty batch')
  if (rules.batch && spans.length > maxBatch) {
    return denied('InvalidRequest', `batch of ${spans.length} messages, allowed ${maxBatch}`)
  }
  const batch: Message[] = []
  for (const { start, end } of spans) {
    const read = readOne(bytes.subarray(start, end), limits)
    if (!('message' in read)) return read
    batch.push(read.message)
  }
  return { batch }
}

/** V8 copies slices that are shorter; longer ones would keep the whole text alive as long as the id is remembered. */
const copiedSlice = 12

/** The raw token of the member `id`, if there is one. */
function idToken(bytes: Buffer, json: Json): string | undefined {
  const { scan } = json
  if (scan.escapedName) return onlyMember(bytes, name => name === 'id')
  if (scan.idAt === -1) return undefined
  const end = tokenEnd(bytes, scan.idAt)
  if (json.ascii && end - scan.idAt <= copiedSlice) return json.text.slice(scan.idAt, end)
  return bytes.toString('utf8', scan.idAt, end)
}

const tokenEnd = (bytes: Buffer, at: number): number =>
  bytes[at] === quote ? stringEnd(bytes, at + 1) : scalarEnd(bytes, at)

function onlyMember(bytes: Buffer, wanted: (name: string) => boolean): string | undefined {
  const found = [...members(bytes, root(bytes))].filter(({ name }) => wanted(name))
  const [one] = found
  return one !== undefined && found.length === 1 ? bytes.toString('utf8', one.value.start, one.value.end) : undefined
}

const idLike = /^(?:0|-?[1-9][0-9]*|".*")$/su

/** Whether a token may be echoed in an answer of ours: before the parse anything may stand there. */
function isToken(token: string): boolean {
  try {
    return idLike.test(token) && JSON.parse(token) !== undefined
  } catch {
    return false
  }
}

/** For a denial: the id token, if only one member could be meant by any parser, and it is spelled as an id should be. */
function idOf(bytes: Buffer): string | undefined {
  const found = [...members(bytes, root(bytes))].filter(({ name }) => fold(name) === 'id')
  const [one] = found
  if (one === undefined || found.length !== 1 || one.name !== 'id') return undefined
  const token = bytes.toString('utf8', one.value.start, one.value.end)
  return isToken(token) ? token : undefined
}

/** For bytes that were not parsed: what the scan saw, if no name could be another spelling or disguise of `id`. */
function idBeforeParse(bytes: Buffer, scan: Scan, code: string): string | undefined {
  if (code === 'AmbiguousMessage') return idOf(bytes)
  if (code !== 'TooComplex' || scan.idAt === -1 || scan.ids !== 1 || scan.escapedName || !isAscii(bytes))
    return undefined
  const token = bytes.toString('utf8', scan.idAt, tokenEnd(bytes, scan.idAt))
  return isToken(token) ? token : undefined
}
