import { entropy } from './entropy.ts'
import { isStandIn } from './stand-ins.ts'

/** Calls, comparisons and members of code. */
const code =
  /[!=]==|\?\?|&&|\w\[\d|^[A-Za-z_$][\w$]{0,20}(?:\??\.[A-Za-z_$][\w$]{0,20}){1,8}$|[-_]?(?:key|token|secret)[-_]?\d{0,4}\.?$/i

/** The same where quotes say that it is no code, but perhaps the name of something. */
const member = /^[A-Za-z_$][\w$]{0,20}(?:\.[A-Za-z_$][\w$]{0,20}){1,8}$|[-_]?(?:key|token|secret)[-_]?\d{0,4}\.?$/i

/** Calls, indexes, arrows and types: what a program assigns. */
const expression = /^[\w$.?:]{1,64}(?:[([{]|<[\w$ ,[\]]{1,64}>)|=>|\|\|/

/** Tags of YAML, dates, versions, addresses, files and dotted names are assigned to such names, too. */
const ordinary =
  /^(?:!{1,2}\w+$|https?:|\/|\.|~\/|v?\d+(?:\.\d+)+$|\d{4}-\d\d-\d\d|[a-z]+(?:[._/-][a-z]+)+$|[A-Za-z]+(?:\.[A-Za-z_]+)+$|[\w-]+\.(?:png|jpe?g|svg|js|ts|py|go|json|ya?ml|txt|md|html?|pem|key|crt)$|sha(?:1|256|512)[-:])/

/** A whole call in quotes: a template or a message, not a value. */
const quotedCall = /^[A-Za-z_$][\w$.]{0,64}\([^()]{0,256}\);?$/

type Likely = (text: string) => boolean

/** Tokens are random: letters and digits mixed. */
export const isLikelyToken: Likely = text =>
  text.length >= 10 && /\d/.test(text) && /[A-Za-z]/.test(text) && !ordinary.test(text) && entropy(text) >= 3.3

/** Passwords are shorter and made by people: letters, and a digit or a sign among them. */
export const isLikelyPassword: Likely = text =>
  text.length >= 6 &&
  /\p{L}/u.test(text) &&
  (/[\d!@#$%^*?~+=]/.test(text) ? isMixed(text) : isForeignWord(text)) &&
  !ordinary.test(text)

/** In scripts other than Latin a sign at the end may belong to a label: `Пароль*`. */
const isMixed = (text: string): boolean =>
  entropy(text) >= 2.3 && (/[A-Za-z]/.test(text) || /\p{N}|[!@#$%^*?~+=]./u.test(text))

/** One word of another script alone: labels say so in the languages that are frequent, and stand in sentences elsewhere. */
const isForeignWord = (text: string): boolean =>
  !/[A-Za-z\s]/.test(text) &&
  entropy(text) >= 2.3 &&
  !/парол|密码|密碼|口令|パスワード|비밀번호|รหัส|كلمة|סיסמ|κωδικ/i.test(text)

const isStrong = (text: string): boolean =>
  text.length >= 6 &&
  /\d/.test(text) &&
  /\p{L}/u.test(text) &&
  (/[^\p{L}\p{N}]/u.test(text.slice(0, -1)) || (/\p{Lu}/u.test(text) && /\p{Ll}/u.test(text)))

/** The part before the first sign that has a meaning in most languages: a secret if it looks like one, whatever follows. */
const head = /^[^\s"'`,;<>\\()|&]{1,512}/

/** So much of a value shows what it is. */
const SHOWN = 1024

/** A value in quotes, or an element: blanks part it. */
export function isSecretQuoted(value: string, isLikely: Likely): boolean {
  const words = value
    .trim()
    .slice(0, SHOWN)
    .split(/\s{1,64}/, 9)
  const isOne = words.length === 1
  return words.some((word, index) => {
    const isAsked = index === 0 ? isLikely(word) : isStrong(word) && isLikely(word)
    return (
      isAsked && (isOne || /[A-Za-z\d]/.test(word)) && !member.test(word) && !quotedCall.test(word) && !isStandIn(word)
    )
  })
}

/** A value without quotes: it may be code. */
export function isSecretWord(name: string, value: string, isLikely: Likely): boolean {
  const word = value.slice(0, SHOWN)
  // A word of letters alone is one of a sentence.
  if (!/[\d!@#$%^*?~+=]/.test(word)) return false
  if (/^[A-Z][A-Z0-9_]*$/.test(name) && isWhole(word, isLikely)) return true
  const first = head.exec(word)?.[0] ?? ''
  if (isCall(word, first)) return false
  return (isLikely(first) && isNoCode(first)) || (isNoCode(first) && !expression.test(word) && isWord(word, isLikely))
}

const isNoCode = (text: string): boolean => text === '' || !(ordinary.test(text) || code.test(text) || isStandIn(text))

const isWord = (word: string, isLikely: Likely): boolean => isLikely(word) && !code.test(word) && !isStandIn(word)

const isWhole = (word: string, isLikely: Likely): boolean => isLikely(word) && !member.test(word) && !isStandIn(word)

/** `hash(x)`, `list[0]`. */
const isCall = (word: string, first: string): boolean => word[first.length] === '(' && /\)[;,.]?$/.test(word)
