import { isUtf8 } from 'node:buffer'
import type { Steps } from '../../exchange.ts'
import { TURN, wideTexts } from './wide.ts'

/** What stands in a base64 member: real media, which no detector of text can judge; or text, which then is judged in every way it can be read. */
export type Binary = 'media' | 'no base64' | { readonly texts: readonly string[] }

/** Types whose content a client shows or plays, and those of archives and programs. */
const mediaTypes =
  /^(?:image\/(?!svg)|audio\/|video\/|font\/|application\/(?:octet-stream|pdf|zip|gzip|x-[a-z0-9-]+|wasm|vnd\.[a-z0-9.-]+))/i

/** Types of text that begin like one of those above. */
const textTypes = /(?:xml|json|yaml|script|sh|text)\b/i

/**
 * Decides by what the bytes are, not only by what the server says they are: a text that is declared an image is still a text, in whatever way
 * a reader could decode it.
 *
 * @param isMediaBlock the member belongs to an image or audio block, which needs no type to be shown as such.
 */
export function* decodeBinary(encoded: string, mimeType: unknown, isMediaBlock: boolean): Steps<Binary> {
  // Decoders skip what is no base64 (line breaks, stray padding, the alphabet of URLs), so this is what a client would see.
  const bytes = bytesOf(encoded)
  if (bytes.length === 0) return 'no base64'
  const isValid = isUtf8(bytes)
  const wide = isValid && !bytes.includes(0) ? [] : yield* wideTexts(bytes)
  const asBytes = yield* readAsBytes(bytes)
  const isText = !saysMedia(mimeType, isMediaBlock) || isValid || asBytes.isText || !isBase64(encoded, bytes.length)
  if (!isText) {
    const texts = [...wide, ...asBytes.runs]
    return texts.length === 0 ? 'media' : { texts }
  }
  // Latin-1 keeps every ASCII secret and keyword where UTF-8 would not be valid.
  return { texts: [bytes.toString(isValid ? 'utf8' : 'latin1'), ...wide] }
}

/** Pieces that were encoded apart and then joined: some decoders stop at the padding of the first, others go on. */
const PIECES = 64

function bytesOf(encoded: string): Buffer {
  const first = Buffer.from(encoded, 'base64')
  const padding = encoded.indexOf('=')
  if (padding < 0 || padding >= encoded.length - 2) return first
  return Buffer.concat(encoded.split(/={1,2}/, PIECES).map(piece => Buffer.from(piece, 'base64')))
}

/** Whether nothing was skipped to come to so many bytes. */
function isBase64(encoded: string, bytes: number): boolean {
  const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0
  const length = encoded.length - padding
  if (padding > 0 && encoded.length % 4 !== 0) return false
  return length % 4 !== 1 && bytes === Math.floor((length * 3) / 4) && !encoded.includes('-') && !encoded.includes('_')
}

function saysMedia(mimeType: unknown, isMediaBlock: boolean): boolean {
  const declared = typeof mimeType === 'string' ? mimeType : ''
  return declared === '' ? isMediaBlock : mediaTypes.test(declared) && !textTypes.test(declared)
}

/** Among this many letters of a text in any encoding of bytes stands at most one control; in what was packed or drawn there are two, and nulls. */
const LETTERS_A_CONTROL = 20

/** So many printable letters of ASCII in a row are text within what is none: comments of pictures, what stands behind their end, members of archives. */
const RUN = 24

/** Nulls are not counted: readers pass over them. */
function* readAsBytes(bytes: Buffer): Steps<{ isText: boolean; runs: readonly string[] }> {
  const seen = new Bytes()
  for (let from = 0; from < bytes.length; from += TURN) {
    if (from > 0) yield
    seen.read(bytes, from, Math.min(bytes.length, from + TURN))
  }
  const runs = seen.ended(bytes)
  return { isText: seen.isText(bytes.length), runs: runs.length === 0 ? [] : [runs.join('\n')] }
}

class Bytes {
  readonly #runs: string[] = []
  #controls = 0
  #nulls = 0
  #run = 0

  read(bytes: Buffer, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!
      if (byte >= 0x20 && byte < 0x7f) {
        this.#run++
        continue
      }
      if (this.#run > 0) this.#end(bytes, at)
      if (byte === 0) this.#nulls++
      else if (byte < 0x20 ? byte < 0x09 || (byte > 0x0d && byte !== 0x1b) : byte === 0x7f) this.#controls++
    }
  }

  ended(bytes: Buffer): readonly string[] {
    this.#end(bytes, bytes.length)
    return this.#runs
  }

  isText(length: number): boolean {
    return this.#controls * LETTERS_A_CONTROL <= length - this.#nulls && this.#nulls < length
  }

  #end(bytes: Buffer, at: number): void {
    if (this.#run >= RUN) this.#runs.push(bytes.toString('latin1', at - this.#run, at))
    this.#run = 0
  }
}
