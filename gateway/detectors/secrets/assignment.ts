import type { Hit } from '../detector.ts'
import { fold } from '../fold.ts'
import { isLikelyPassword, isLikelyToken, isSecretQuoted, isSecretWord } from './likely.ts'
import { LONGEST_VALUE } from './quoted.ts'
import type { RuleMatch } from './rule.ts'
import { pairedBefore, pairSign } from './pairs.ts'
import { endOfRun } from './unquoted.ts'
import { firstOf, type Value, wholeWord } from './value.ts'

/** Names of what holds a secret. Each is a place where an assignment may begin. */
export const secretNames: readonly string[] = [
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'pass=',
  'pass:',
  'pass"',
  'secret',
  'token',
  'credential',
  'apikey',
  'api_key',
  'api-key',
  'api key',
  'access_key',
  'access-key',
  'accesskey',
  'private_key',
  'private-key',
  'privatekey',
  'auth_key',
  'auth-key',
  'authkey',
  'account_key',
  'master_key',
  'masterkey',
  'encryption_key',
  'encryptionkey',
  'signing_key',
  'signingkey',
  'service_key',
  'license_key',
  'app_key',
]

/** Names that only speak of a secret: how long it is, where it is kept, what it is called; and tokens that grant nothing. */
const harmlessName =
  /(?:id|ids|name|type|kind|ref|url|uri|path|file|dir|length|len|size|count|limit|expir\w{0,8}|ttl|version|format|regex|pattern|hint|policy|field|label|algorithm|alg|manager|provider|store|class|public\w{0,4}|hash|digest|arn|usage|s_used|[a-z]_tokens|max_tokens)$|(?:page|next|prev|previous|continuation|continue|cursor|sync|progress|csrf|xsrf|stop|start|end|eos|bos|pad|unk|max|min|num|input|output|prompt|completion|total|cached)[-_ ]?tokens?$/i

const gap = /[\w-]{0,24}(?:[ .](?!is\b|was\b)[\w-]{1,16}){0,2}/y
const isTag = /<[\w-]{0,24}$/
const restOfTag = /[\w-]{0,24}/y
/** Assignments of programs, settings, XML (`<password>x<`, `key="password" value="x"`), and of prose (`the password is x`). */
const sign =
  /\\{0,15}(?:["'`]{0,3}[\])]?|\*{1,3})(?::\s{0,4}(?:[A-Za-z_&.[\]?]{1,24}=|[\w&.[\]?]{1,24}\s{1,4}=)(?=\s{0,4}\\{0,15}["'`])|\s{0,8}(?:=>|:=|={1,2}|:|：)(?:\*{1,3})?)\s{0,8}|\\{0,15}["'`],\s{0,8}(?=\\{0,15}["'`])|\s{0,2}(?:\|\||\?\?)\s{0,2}(?=\\{0,15}["'`])|\\{0,15}["'`]?(?:\s[^<>]{0,128})?>(?=[^<]{1,4096}<\/|<!\[CDATA\[)| (?:is|was):? {1,2}/y
/** What follows the name of a password at once in SQL and in code: `PASSWORD 'x'`, `setPassword("x")`, `{password, "x"}`. */
const passwordSign = /(?:(?<=passw(?:or)?d) {1,2}|[(,]\s{0,4})(?=\\{0,15}["'])/iy

const flagged = /[\w-]{0,24} {1,2}/y

const isPasswordName = (name: string): boolean => /passw|passphrase|pwd|pass$/i.test(name)

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** `--password x` on a command line. */
const isFlag = (text: string, at: number): boolean =>
  /[\w-]/.test(text.charAt(at - 1)) && /(?:^|\s)--?[\w-]{0,24}$/.test(text.slice(Math.max(0, at - 28), at))

/** `ENV PASSWORD x` of a Dockerfile. */
const isInstruction = (text: string, at: number): boolean =>
  /(?:^|\n|\\n)\s{0,8}ENV {1,4}\w{0,24}$/.test(text.slice(Math.max(0, at - 40), at))

/** The letter of an escaped line break belongs to no name. */
const nameBefore = /(?:(?<=\\[nrt])[\w-]{0,24}|(?<!\\)[\w-]{0,24})$/

/** How far the name goes on behind `at`, and the sign behind it, if there is one. */
type Assigning = { readonly rest: string; readonly sign: string }

function assigningAt(text: string, at: number, inTag: boolean): Assigning | undefined {
  const instructed = isInstruction(text, at) ? matchAt(flagged, text, at) : undefined
  if (instructed !== undefined) return { rest: instructed.trimEnd(), sign: ' ' }
  const rest = matchAt(inTag ? restOfTag : gap, text, at)!
  const behind = at + rest.length
  const found = matchAt(pairSign, text, behind) ?? matchAt(sign, text, behind)
  if (found !== undefined) return { rest, sign: found }
  const called = matchAt(passwordSign, text, behind)
  if (called !== undefined && isPasswordName(text.slice(at, behind))) return { rest, sign: called }
  const flag = isFlag(text, at) ? matchAt(flagged, text, at) : undefined
  return flag === undefined ? undefined : { rest: flag.trimEnd(), sign: flag.slice(flag.trimEnd().length) }
}

/** What is assigned to the name that begins at `at`, as in `client_secret = "..."`: where it ends, and the hit if it is a secret. */
export function assignment(text: string, at: number): RuleMatch | undefined {
  const before = nameBefore.exec(text.slice(Math.max(0, at - 24), at))?.[0] ?? ''
  const found = assignedBehind(text, at, before)
  if (found?.hit !== undefined) return found
  const paired = pairedBefore(text, at - before.length)
  const name = before + matchAt(restOfTag, text, at)!
  return paired !== undefined && isSecret(text, name, paired)
    ? { end: found?.end ?? at, hit: hitOf(text, name, paired) }
    : found
}

function assignedBehind(text: string, at: number, before: string): RuleMatch | undefined {
  const assigning = assigningAt(text, at, isTag.test(text.slice(Math.max(0, at - 25), at)))
  if (assigning === undefined) return undefined
  const { rest, sign } = assigning
  const behind = at + rest.length
  const second = sign.search(/value[^>]*$/i)
  // Of a pair, the value has a line of its own.
  const place = { name: second < 0 ? at - before.length : behind + second, sign: sign.slice(Math.max(0, second)) }
  const first = firstOf(text, behind + sign.length, place)
  if (first === undefined) return undefined
  const name = before + rest.trimEnd()
  if (!isSecret(text, name, first)) return { end: first.reached, hit: undefined }
  const hit = hitOf(text, name, first.form === 'word' ? wholeWord(text, first, place) : first)
  return { end: first.reached, hit }
}

const isSecret = (text: string, name: string, { start, end, form }: Value): boolean =>
  isSecretValue(name, text.slice(start, end), form)

/** A word is judged anew when it is cut to what belongs to it. */
function hitOf(text: string, name: string, value: Value): Hit | undefined {
  if (
    value.form === 'word' &&
    !isSecret(text, name, { ...value, end: Math.min(value.end, endOfRun(text, value.start)) })
  )
    return undefined
  const rule = ruleOf(name)
  return { start: value.start, end: value.end, rule, replacement: `[redacted:${rule}]` }
}

const isSecretName = (key: string): boolean => /(?:^|_)pass$/.test(key) || secretNames.some(name => key.includes(name))

/** The same where the name is that of a JSON member and the text is its whole value. */
export function memberAssignment(key: string, text: string): Hit | undefined {
  if (text.length < 6 || text.length > LONGEST_VALUE || !isSecretName(fold(key))) return undefined
  if (!isSecretValue(key, text, 'quoted')) return undefined
  const rule = ruleOf(key)
  return { start: 0, end: text.length, rule, replacement: `[redacted:${rule}]` }
}

/** A letter of another script, as JSON within the text may spell it. */
const escaped = /\\{1,15}u([0-9a-f]{4})/gi

const ruleOf = (name: string): string => (isPasswordName(name) ? 'password' : 'assigned-secret')

function isSecretValue(name: string, value: string, form: Value['form']): boolean {
  if (harmlessName.test(name)) return false
  const isLikely = isPasswordName(name) ? isLikelyPassword : isLikelyToken
  const read = value.includes('\\u')
    ? value.replace(escaped, (_, unit: string) => String.fromCharCode(parseInt(unit, 16)))
    : value
  return form === 'quoted' ? isSecretQuoted(read, isLikely) : isSecretWord(name, read, isLikely)
}
