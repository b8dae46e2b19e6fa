import type { Random } from './random.ts'

/** JSON text of one and the same value in one of the many ways it may be spelled: white space anywhere, characters as escapes. */
export function spell(value: unknown, r: Random): string {
  if (typeof value === 'string') return spellString(value, r)
  if (Array.isArray(value))
    return `${gap(r)}[${gap(r)}${value.map(item => spell(item, r)).join(`${gap(r)},${gap(r)}`)}${gap(r)}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, inner]) => `${spellString(name, r)}${gap(r)}:${gap(r)}${spell(inner, r)}`,
    )
    return `{${gap(r)}${members.join(`${gap(r)},${gap(r)}`)}${gap(r)}}${gap(r)}`
  }
  return JSON.stringify(value)
}

const gaps = [' ', '\n', '\t', '\r\n', '  ']

export const gap = (r: Random): string => (r.oneIn(6) ? r.pick(gaps) : '')

const hex = (unit: number, r: Random): string => {
  const digits = unit.toString(16).padStart(4, '0')
  return `\\u${r.oneIn(2) ? digits : digits.toUpperCase()}`
}

export function spellString(text: string, r: Random): string {
  const plain = JSON.stringify(text)
  // Long texts would take most of the time and say no more than short ones.
  if (!r.oneIn(6) || text.length > 60) return plain
  let out = ''
  for (const character of text) {
    if (r.oneIn(3)) for (let i = 0; i < character.length; i++) out += hex(character.charCodeAt(i), r)
    else if (character === '/' && r.oneIn(2)) out += '\\/'
    else out += JSON.stringify(character).slice(1, -1)
  }
  return `"${out}"`
}
