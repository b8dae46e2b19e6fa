/**
 * Characters that are not simply compared as they are or in lower case: whatever NFKC or case folding changes (but A to Z), whatever joins what
 * stands before it, and whatever is invisible. Cherokee folds to upper case in Unicode and to lower case here.
 */
const special =
  /[[\p{CWKCF}\p{M}\p{DI}\u0131\u1100-\u11ff\u13a0-\u13f5\uff9e\uff9f\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]--[A-Z]]/v

let units: Uint8Array | undefined

/** For every UTF-16 unit whether it is special (1) or a surrogate (2). Made when the first text needs it: 64 KB that most gateways never use. */
function unitsOnce(): Uint8Array {
  units ??= Uint8Array.from({ length: 0x10000 }, (_, unit) =>
    unit >= 0xd800 && unit <= 0xdfff ? 2 : Number(special.test(String.fromCharCode(unit))),
  )
  return units
}

/** The place of the first special character at or after `from`, or the length of the text. */
export function nextSpecial(text: string, from: number): number {
  const table = unitsOnce()
  for (let at = from; at < text.length; at++) {
    const kind = table[text.charCodeAt(at)]!
    if (kind === 1) return at
    if (kind === 2) {
      const character = String.fromCodePoint(text.codePointAt(at)!)
      if (special.test(character)) return at
      at += character.length - 1
    }
  }
  return text.length
}

/** The place behind the special characters that stand in a row at `from`. */
export function endOfSpecials(text: string, from: number): number {
  let at = from
  while (at < text.length && nextSpecial(text, at) === at) at += text.codePointAt(at)! > 0xffff ? 2 : 1
  return at
}
