/** Counts of ASCII, which nearly every secret consists of; all zero between two calls. */
const ascii = new Uint32Array(128)

/** Shannon entropy in bits per character (not UTF-16 unit): 0 for one repeated letter, about 3.7 for 32 random hexadecimal digits, 4.7 for 40 of base64. */
export function entropy(text: string): number {
  const others = new Map<string, number>()
  let length = 0
  for (const letter of text) {
    const unit = letter.charCodeAt(0)
    if (unit < 128) ascii[unit]!++
    else others.set(letter, (others.get(letter) ?? 0) + 1)
    length++
  }
  let bits = 0
  for (const count of others.values()) bits -= share(count, length)
  for (let unit = 0; unit < 128; unit++) {
    if (ascii[unit] === 0) continue
    bits -= share(ascii[unit]!, length)
    ascii[unit] = 0
  }
  return bits
}

const share = (count: number, length: number): number => (count / length) * Math.log2(count / length)
