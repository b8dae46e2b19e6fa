const [quote, backslash, comma, list, object] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b] as const

/** Whether it stands before a value, or opens one that holds others. */
const isMark = (code: number): boolean => code === comma || code === list || code === object

/**
 * Whether a JSON text holds more values than this, which is known before it is parsed: an empty object takes three bytes of a text, and sixty in
 * memory. A member of an object counts as one, and what opens a list or an object as one more.
 */
export function hasMoreValuesThan(text: string, most: number): boolean {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfText(text, at)
    else if (isMark(code) && ++count > most) return true
  }
  return false
}

/** Where the text ends that begins at a quote. */
function endOfText(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code === backslash) at++
  }
  return text.length
}
