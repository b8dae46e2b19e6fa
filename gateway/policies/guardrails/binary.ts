import { isUtf8 } from 'node:buffer'

/** What stands in a base64 member: real media, which no detector of text can judge; or a text, which then is judged decoded as well. */
export type Binary = 'media' | 'no base64' | { readonly text: string }

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/** Types whose content a client shows or plays, and those of archives and programs. */
const mediaTypes =
  /^(?:image\/(?!svg)|audio\/|video\/|font\/|application\/(?:octet-stream|pdf|zip|gzip|x-[a-z0-9-]+|wasm|vnd\.[a-z0-9.-]+))/i

/** Types of text that begin like one of those above. */
const textTypes = /(?:xml|json|yaml|script|sh|text)\b/i

/**
 * Decides by what the bytes are, not only by what the server says they are: a text that is declared an image is still a text. Bytes count as
 * text when they are UTF-8 without a null.
 *
 * @param isMediaBlock the member belongs to an image or audio block, which needs no type to be shown as such.
 */
export function decodeBinary(encoded: string, mimeType: unknown, isMediaBlock: boolean): Binary {
  // Decoders skip what is no base64 (line breaks, stray padding, the alphabet of URLs), so this is what a client would see.
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length === 0) return 'no base64'
  const declared = typeof mimeType === 'string' ? mimeType : ''
  const saysMedia = declared === '' ? isMediaBlock : mediaTypes.test(declared) && !textTypes.test(declared)
  const readsAsText = isUtf8(bytes) && !bytes.includes(0)
  if (saysMedia && !readsAsText && base64.test(encoded)) return 'media'
  // Latin-1 keeps every ASCII secret and keyword where UTF-8 would not be valid.
  return { text: bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1') }
}
