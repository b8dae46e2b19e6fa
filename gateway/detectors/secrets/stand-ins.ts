/** Words that people write where a secret would stand. */
const words =
  /example|sample|placeholder|change[-_ ]?me|replace[-_ ]?(?:me|with|this)|redacted|your[-_ ]|my[-_ ]?(?:secret|token|password|key)|dummy|fake|(?:^|[-_. ]|key|token|secret|password)here$|todo|insert|t0ken/i

/** Code that fetches a secret from where it is kept. */
const kept = /process\.env|os\.environ|getenv|^(?:env|secrets?|vars?|config|settings|self|this)[.[(]/i

/** References to a secret that is kept elsewhere: of shells, templates and formats. Those that are cut go on to the end. */
const references =
  /\$\{[^}]{0,200}\}?|\$\([^)]{0,200}\)?|\{\{[^}]{0,200}(?:\}\})?|<[\w .:-]{1,64}>|%\([a-z]\w{0,40}\)[sd]|%[A-Za-z_]\w{1,40}%|%[sdv](?!\w)|^\$[A-Za-z_]\w{0,64}$|^\$\d$|^\{[^{}]{0,200}\}?$|^<[^<>]{0,200}>?$|^\[[^[\]]{0,200}\]?$/gi

/** A reference that a line of its own holds, in a text whose line breaks are escaped: what follows is another line. */
const ownLine = /^(\$\{[^}]{0,200}\})\\{1,8}[nr]/

/**
 * What says how something looks, or what it holds, and is judged by what is in it: a character class with its repetition, a member of JSON, a scalar of
 * JSON with what follows it, an empty text and what is done with it.
 */
const structure =
  /^(?:(?:''|"")[).,;\]}]|-?\d[\d.]{0,32}[,}\]]{1,8}(?:\\{0,15}"|$)|\[(?:\^|[^\]]{2,80}\][*+?{])|[,{[]{0,3}\\{0,15}"[\w.$/-]{1,64}\\{0,15}":)/

/** So many letters and digits beside references make a secret of their own. */
const LEAST = 8

/** Whether nearly all of a text is a reference. */
function isReference(text: string): boolean {
  const rest = (ownLine.exec(text)?.[1] ?? text).replace(references, '')
  return rest.length < text.length && (rest.match(/[\p{L}\p{N}]/gu)?.length ?? 0) < LEAST
}

const repeated = /^(.)\1{2,}$|[xX]{5,}|[*#.•]{4,}/u
/** Backslashes grow in number with every string around. */
const run = /([^\\])\1{7,}/gu

/** Whether a text that has the form of a secret is only a stand-in for one. */
export const isStandIn = (text: string): boolean =>
  isGeneric(text) || words.test(text) || kept.test(text) || structure.test(text) || isReference(text)

/** The same for what already has the unmistakable form of one issuer: only repetition, the alphabet and the word EXAMPLE count there. */
export const isGeneric = (text: string): boolean =>
  repeated.test(text) || isMonotonous(text) || /EXAMPLE/i.test(text) || hasSequence(text, 16)

/** Runs of one letter: any in a token, a quarter of a long text. Base64 of binary data has some, too: OpenSSH keys begin with nulls. */
function isMonotonous(text: string): boolean {
  let letters = 0
  for (const match of text.matchAll(run)) letters += match[0].length
  return text.length < 120 ? letters > 0 : letters * 4 >= text.length
}

/** Whether `least` neighbouring letters or digits follow each other as in the alphabet (`abcdef`, `123456`). */
function hasSequence(text: string, least: number): boolean {
  let run = 1
  for (let at = 1; at < text.length && run < least; at++) {
    run = text.charCodeAt(at) === text.charCodeAt(at - 1) + 1 ? run + 1 : 1
  }
  return run >= least
}
