import { isLikelyPassword } from './likely.ts'
import type { Stretch } from './rule.ts'
import { surroundings } from './surroundings.ts'
import { cutRun } from './unquoted.ts'

/**
 * The password in an address: from the first colon to the last `@` of what stands before the path. A password that holds `/`, `?` or `#` as they
 * are is no part of a valid address, but programs take it; then it goes on to the last `@` of the run.
 */
export function passwordInUrl(text: string, { 0: match, index }: RegExpExecArray): Stretch | undefined {
  if (!match.includes('@')) return undefined
  const from = index + 3
  const to = cutRun(text, from, index + match.length, surroundings(text, index))
  const run = text.slice(from, to)
  const path = run.search(/[/?#]/)
  const authority = path < 0 ? run : run.slice(0, path)
  const at = authority.lastIndexOf('@')
  const colon = run.indexOf(':')
  // Settings behind a port: `sqlserver://host:1433;user=u`.
  if (colon >= 0 && /^\d{1,5};\w{1,32}=/.test(run.slice(colon + 1, colon + 48))) return undefined
  if (at >= 0) return colon < 0 || colon >= at ? undefined : stretchOf(text, from + colon + 1, from + at)
  return colon < 0 || colon >= authority.length ? undefined : beyondPath(text, run, from, authority.slice(colon + 1))
}

/** Of another address. */
const scheme = /(?<![\w+.-])[a-z][a-z+.-]{1,20}:\/\//

/** Not where a port stands: `host:8080/a@b`. */
function beyondPath(text: string, run: string, from: number, behindColon: string): Stretch | undefined {
  const colon = run.indexOf(':')
  const next = run.slice(colon).search(scheme)
  const at = (next < 0 ? run : run.slice(0, colon + next)).lastIndexOf('@')
  if (at <= colon || /^\d{0,5}$/.test(behindColon) || !isLikelyPassword(run.slice(colon + 1, at))) return undefined
  return stretchOf(text, from + colon + 1, from + at)
}

/** `image:tag@sha256:…` has no password. */
const stretchOf = (text: string, start: number, end: number): Stretch | undefined =>
  end - start < 3 || text.startsWith('@sha256:', end) ? undefined : { start, end }
