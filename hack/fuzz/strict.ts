/** What was read, with everything kept that JSON.parse drops: both of two equal names, the spelling of numbers. */
export type Node =
  | { type: 'object'; members: { name: string; value: Node }[]; raw: string }
  | { type: 'array'; items: Node[]; raw: string }
  | { type: 'string'; text: string; raw: string }
  | { type: 'number'; raw: string }
  | { type: 'literal'; raw: string }

const stringToken = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const literalToken = /true|false|null/y

class NotJson extends Error {}

/** Thrown as it is: to make one each time costs more than the parse. */
const notJson = new NotJson()

/**
 * A JSON parser by the grammar of RFC 8259, written apart from the reader: recursive descent over text with one expression per token.
 * Undefined where the text is not JSON.
 */
export function parseStrictly(text: string): Node | undefined {
  let at = 0

  const take = (token: RegExp): string => {
    token.lastIndex = at
    const found = token.exec(text)?.[0]
    if (found === undefined) throw notJson
    at += found.length
    return found
  }
  const space = (): void => {
    for (let next = text[at]; next === ' ' || next === '\n' || next === '\t' || next === '\r'; next = text[at]) at++
  }
  const punctuation = (): string | undefined => {
    space()
    const found = text[at++]
    space()
    return found
  }
  const string = (): { text: string; raw: string } => {
    const raw = take(stringToken)
    return { raw, text: raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1) }
  }

  const object = (start: number): Node => {
    const members: { name: string; value: Node }[] = []
    at++
    space()
    if (text[at] === '}') at++
    else {
      for (let next: string | undefined = ','; next !== '}'; next = punctuation()) {
        if (next !== ',') throw notJson
        const name = string().text
        if (punctuation() !== ':') throw notJson
        members.push({ name, value: value() })
      }
    }
    return { type: 'object', members, raw: text.slice(start, at) }
  }

  const array = (start: number): Node => {
    const items: Node[] = []
    at++
    space()
    if (text[at] === ']') at++
    else {
      for (let next: string | undefined = ','; next !== ']'; next = punctuation()) {
        if (next !== ',') throw notJson
        items.push(value())
      }
    }
    return { type: 'array', items, raw: text.slice(start, at) }
  }

  const value = (): Node => {
    const first = text[at]
    if (first === '{') return object(at)
    if (first === '[') return array(at)
    if (first === '"') return { type: 'string', ...string() }
    if (first === 't' || first === 'f' || first === 'n') return { type: 'literal', raw: take(literalToken) }
    return { type: 'number', raw: take(numberToken) }
  }

  try {
    space()
    const found = value()
    space()
    return at === text.length ? found : undefined
  } catch (error) {
    if (error instanceof NotJson || error instanceof RangeError) return undefined
    throw error
  }
}
