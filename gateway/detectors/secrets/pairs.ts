import { quotedAt } from './quoted.ts'
import type { Value } from './value.ts'

/**
 * What parts the name from the value where both are members of their own: `name: PASSWORD` and `value: x` on the next line, in JSON, as attributes or
 * elements of XML (`<key>password</key><string>x`), and the default of a variable of Terraform.
 */
export const pairSign =
  /\\{0,15}["'`]?[\s,\\nrt]{0,64}["']?value\\{0,15}["']?\s{0,4}[:=]\s{0,4}|\\{0,15}["']\s[^<>]{0,256}?(?<=\s)value=|(?:<\/(?:key|name|t[hd]|dt|label)|\\{0,15}["'])>[\s\\nrt]{0,64}<(?:string|value|td|dd)>|\\{0,15}"\s{0,4}\{[^{}]{0,400}?\bdefault\s{0,8}=\s{0,8}|(?<=\|\s{0,16}[\w .-]{1,64})\s{0,16}\|\s{1,16}/iy

/** The name as the second of a pair. */
const second = /(?:name|key|id)\\{0,15}["']?\s{0,4}[:=]\s{0,4}\\{0,15}["']?$/i
const first = /^\\{0,15}["']?\s{0,4}[:=]\s{0,4}/
const between = /^\\{0,15}["'][\s,\\nrt]{0,64}["']?$/

/** So far back its value may begin, in UTF-16 units. */
const LOOK_BACK = 640

/** The value in quotes that stands before its name: `{"value": "x", "name": "PASSWORD"}`, `<input value="x" name="password">`. */
export function pairedBefore(text: string, name: number): Value | undefined {
  const key = second.exec(text.slice(Math.max(0, name - 48), name))
  if (key === null) return undefined
  const to = name - key[0].length
  const from = Math.max(0, to - LOOK_BACK)
  const behind = text.slice(from, to)
  const at = behind.toLowerCase().lastIndexOf('value')
  const sign = at < 0 ? null : first.exec(behind.slice(at + 5, at + 40))
  const quoted = sign === null ? undefined : quotedAt(text, from + at + 5 + sign[0].length)
  if (quoted === undefined || quoted.end >= to || !between.test(text.slice(quoted.end, to))) return undefined
  return { ...quoted, form: 'quoted' }
}
