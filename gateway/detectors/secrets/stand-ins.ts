/** Words that people write where a secret would stand. */
const words =
  /example|sample|placeholder|change[-_ ]?me|replace[-_ ]?(?:me|with|this)|redacted|your[-_ ]|my[-_ ]?(?:secret|token|password|key)|dummy|fake|here$|todo|insert|t0ken/i

/** References to a secret that is kept elsewhere: shells, templates, code, formats. */
const references =
  /\$\{|\$\(|\{\{|<[\w .-]+>|%\(?[a-z]|^\$|^%|^\{|^<|^\[|process\.env|os\.environ|getenv|^(?:env|secrets?|vars?|config|settings|self|this)[.[(]/i

const repeated = /^(.)\1{2,}$|[xX]{5,}|[*#.•]{4,}/u
const run = /(.)\1{7,}/gu

/** Whether a text that has the form of a secret is only a stand-in for one. */
export const isStandIn = (text: string): boolean => isGeneric(text) || words.test(text) || references.test(text)

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
