import type { Hit } from '../detector.ts'
import { entropy } from './entropy.ts'
import type { Found } from './rule.ts'
import { isStandIn } from './stand-ins.ts'

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
/** Assignments of programs, settings, XML (`<password>x<`, `key="password" value="x"`), and of prose (`the password is x`). */
const sign =
  /(?:\\?["'`]?[\])]?\s{0,8}(?:=>|:=|==|=|:)\s{0,8}|\\?["'`],\s{0,8}(?=\\?["'`])|\\?["'`]\s{1,4}value=|>(?=[^<>\s]{6,256}<\/)| (?:is|was):? {1,2})(?:\\?["'`]|[brf]["'])?/y
const value = /[^\s"'`,;<>\\()|&]{6,512}/y

const flagged = /[\w-]{0,24} {1,2}["']?/y

const isPasswordName = (name: string): boolean => /passw|passphrase|pwd|pass$/i.test(name)

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** `--password x` on a command line. */
const isFlag = (text: string, at: number): boolean =>
  /(?:^|\s)--?[\w-]{0,24}$/.test(text.slice(Math.max(0, at - 28), at))

const nameBefore = /[\w-]{0,24}$/

/** What is assigned to the name that begins at `at`, as in `client_secret = "..."`: where it ends, and the hit if it is a secret. */
export function assignment(text: string, at: number): Found | undefined {
  const flag = isFlag(text, at) ? matchAt(flagged, text, at) : undefined
  const rest = matchAt(gap, text, at)!
  const assigning = matchAt(sign, text, at + rest.length)
  if (assigning === undefined && flag === undefined) return undefined
  const start = at + (assigning === undefined ? flag!.length : rest.length + assigning.length)
  const secret = matchAt(value, text, start)
  if (secret === undefined) return undefined
  const name = nameBefore.exec(text.slice(Math.max(0, at - 24), at))![0] + rest.trimEnd()
  return { end: start + secret.length, hit: assigned(name, secret, start) }
}

const isSecretName = (key: string): boolean => /(?:^|_)pass$/.test(key) || secretNames.some(name => key.includes(name))

/** The same where the name is that of a JSON member and the text is its whole value. */
export function memberAssignment(key: string, text: string): Hit | undefined {
  if (!/^[^\s<>(){}]{6,512}$/.test(text) || !isSecretName(key.toLowerCase())) return undefined
  return assigned(key, text, 0)
}

function assigned(name: string, secret: string, start: number): Hit | undefined {
  if (harmlessName.test(name)) return undefined
  const rule = isPasswordName(name) ? 'password' : 'assigned-secret'
  const looksSecret = rule === 'password' ? isLikelyPassword(secret) : isLikelyToken(secret)
  if (!looksSecret || isStandIn(secret)) return undefined
  return { start, end: start + secret.length, rule, replacement: `[redacted:${rule}]` }
}

/** Calls, comparisons and members of code. */
const code =
  /[!=]==|\?\?|&&|\w\[\d|^[A-Za-z_$][\w$]{0,20}(?:\??\.[A-Za-z_$][\w$]{0,20}){1,8}$|[-_]?(?:key|token|secret)[-_]?\d{0,4}\.?$/i

/** Dates, versions, addresses, files and dotted names are assigned to such names, too. */
const ordinary =
  /^(?:https?:|\/|\.|~\/|v?\d+(?:\.\d+)+$|\d{4}-\d\d-\d\d|[a-z]+(?:[._/-][a-z]+)+$|[A-Za-z]+(?:\.[A-Za-z_]+)+$|[\w-]+\.(?:png|jpe?g|svg|js|ts|py|go|json|ya?ml|txt|md|html?|pem|key|crt)$|sha(?:1|256|512)[-:])/

const isOrdinary = (text: string): boolean => ordinary.test(text) || code.test(text)

/** Tokens are random: letters and digits mixed, no word of code. */
function isLikelyToken(text: string): boolean {
  return text.length >= 10 && /\d/.test(text) && /[A-Za-z]/.test(text) && !isOrdinary(text) && entropy(text) >= 3.3
}

/** Passwords are shorter and made by people: letters, and a digit or a sign among them. */
function isLikelyPassword(text: string): boolean {
  return /[A-Za-z]/.test(text) && /[\d!@#$%^*?~+=]/.test(text) && !isOrdinary(text) && entropy(text) >= 2.3
}
