import type { Finding } from '../exchange.ts'

/** Printable ASCII without quote and backslash: JSON writes it as it is, and so it is written without asking for it. */
const plain = /^[ !#-[\]-~]*$/

const cutMark = '...'

const escaped = (unit: number): string => {
  if (unit === 34 || unit === 92) return `\\${String.fromCharCode(unit)}`
  if (unit >= 32 && unit < 127) return String.fromCharCode(unit)
  return `\\u${unit.toString(16).padStart(4, '0')}`
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000

/**
 * A text as it stands between the quotes of a JSON string, in ASCII alone, so that its length is its number of bytes and nothing on the way of a
 * log can cut a character. More than `most` bytes end with three dots; an escape and a surrogate pair are never cut.
 */
export function spelled(text: string, most: number): string {
  if (text.length <= most && plain.test(text)) return text
  let out = ''
  let whole = ''
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    let next = escaped(unit)
    if (isHigh(unit) && isLow(text.charCodeAt(at + 1))) next += escaped(text.charCodeAt((at += 1)))
    if (out.length + next.length > most) return whole + cutMark
    out += next
    if (out.length <= most - cutMark.length) whole = out
  }
  return out
}

/** Appends `,"name":"value"` with at most `most` bytes of value; undefined leaves the member out. */
export const member = (name: string, value: string | undefined, most: number): string =>
  value === undefined ? '' : `,"${name}":"${spelled(value, most)}"`

/** The most different findings that one line shows. */
const maxShown = 32

const findingText = ({ detector, rule, channel, policy, action, mode }: Finding): string =>
  `{"detector":"${spelled(detector, 64)}","rule":"${spelled(rule, 128)}","channel":"${channel}","policy":"${spelled(policy, 340)}","action":"${action}","mode":"${mode}"`

/** How often each different finding was seen; of more than are shown only the number is kept. */
export class Tally {
  readonly #seen = new Map<string, number>()
  total = 0

  add(findings: readonly Finding[]): this {
    this.total += findings.length
    for (const finding of findings) {
      const text = findingText(finding)
      const count = this.#seen.get(text)
      if (count !== undefined || this.#seen.size < maxShown) this.#seen.set(text, (count ?? 0) + 1)
    }
    return this
  }

  /** The members `findings` and, unless the list says it all, `findings_total`, within `room` bytes. */
  text(room: number): string {
    if (this.total === 0) return ''
    let left = room - `,"findings":[],"findings_total":${this.total}`.length
    const shown: string[] = []
    for (const [text, count] of this.#seen) {
      const whole = count === 1 ? `${text}}` : `${text},"count":${count}}`
      left -= whole.length + 1
      if (left < 0) break
      shown.push(whole)
    }
    const total = shown.length === this.total ? '' : `,"findings_total":${this.total}`
    return `,"findings":[${shown.join(',')}]${total}`
  }
}
