/** Shannon entropy in bits per character: 0 for one repeated letter, about 3.7 for 32 random hexadecimal digits, 4.7 for 40 of base64. */
export function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
