import { isUtf8 } from 'node:buffer'
import { wideTexts } from './wide.ts'

/** What stands in a base64 member: real media, which no detector of text can judge; or text, which then is judged in every way it can be read. */
export type Binary = 'media' | 'no base64' | { readonly texts: readonly string[] }

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

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
export function decodeBinary(encoded: string, mimeType: unknown, isMediaBlock: boolean): Binary {
  // Decoders skip what is no base64 (line breaks, stray padding, the alphabet of URLs), so this is what a client would see.
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length === 0) return 'no base64'
  const isValid = isUtf8(bytes)
  const wide = isValid && !bytes.includes(0) ? [] : wideTexts(bytes)
  const isText = !saysMedia(mimeType, isMediaBlock) || isValid || readsAsText(bytes) || !base64.test(encoded)
  if (!isText) return wide.length === 0 ? 'media' : { texts: wide }
  // Latin-1 keeps every ASCII secret and keyword where UTF-8 would not be valid.
  return { texts: [bytes.toString(isValid ? 'utf8' : 'latin1'), ...wide] }
}

function saysMedia(mimeType: unknown, isMediaBlock: boolean): boolean {
  const declared = typeof mimeType === 'string' ? mimeType : ''
  return declared === '' ? isMediaBlock : mediaTypes.test(declared) && !textTypes.test(declared)
}

/** Among this many letters of a text in any encoding of bytes stands at most one control; in what was packed or drawn there are two, and nulls. */
const LETTERS_A_CONTROL = 20

/** Nulls are not counted: readers pass over them. */
function readsAsText(bytes: Buffer): boolean {
  let controls = 0
  let nulls = 0
  for (const byte of bytes) {
    if (byte === 0) nulls++
    else if (byte < 0x20 ? byte < 0x09 || (byte > 0x0d && byte !== 0x1b) : byte === 0x7f) controls++
  }
  return controls * LETTERS_A_CONTROL <= bytes.length - nulls && nulls < bytes.length
}
