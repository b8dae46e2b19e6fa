import { backslash, kinds, quote, scalar } from './tokens.ts'

/**
 * The value of a text that JSON.parse has accepted, built without it.
 *
 * The V8 of Node 24 reads a member name that is spelled with escapes as another name that an earlier document taught it (nodejs/node#63785):
 * after `{"\\u00":1}` it takes `{"\u006eame":"x"}` for the former. A caller could so hide a member from the judge, or a second `name` behind a
 * first. Texts with such names, and only those, are built here, which is slower than JSON.parse.
 */
export function buildJson(text: string): unknown {
  return new Builder(text).value()
}

class Builder {
  readonly #text: string
  #at = 0
  /** The next backslash at or after the current place: strings before it can be cut out as they are. */
  #escape: number

  constructor(text: string) {
    this.#text = text
    this.#escape = this.#find('\\', 0)
  }

  value(): unknown {
    this.#space()
    switch (this.#text[this.#at] ?? '') {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      case 't':
        return this.#literal(4, true)
      case 'f':
        return this.#literal(5, false)
      case 'n':
        return this.#literal(4, null)
      default:
        return this.#number()
    }
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    while (this.#next('}')) {
      const name = this.#string()
      this.#space()
      this.#at++
      const value = this.value()
      // Assigned, it would set the prototype.
      if (name === '__proto__')
        Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
      else object[name] = value
    }
    return object
  }

  #array(): unknown[] {
    const array: unknown[] = []
    while (this.#next(']')) array.push(this.value())
    return array
  }

  /** Steps over the opening bracket or a comma, or over `close`, and tells whether another item follows. */
  #next(close: string): boolean {
    this.#space()
    const ended = this.#text[this.#at] === close
    this.#at++
    if (ended) return false
    this.#space()
    if (this.#text[this.#at] !== close) return true
    this.#at++
    return false
  }

  #string(): string {
    const start = this.#at
    const end = this.#find('"', start + 1)
    if (this.#escape < start) this.#escape = this.#find('\\', start)
    if (this.#escape > end) {
      this.#at = end + 1
      return this.#text.slice(start + 1, end)
    }
    let i = this.#escape
    for (let code = backslash; code !== quote; code = this.#text.charCodeAt(i)) i += code === backslash ? 2 : 1
    this.#at = i + 1
    // A string alone has no names.
    return JSON.parse(this.#text.slice(start, this.#at)) as string
  }

  #number(): number {
    const start = this.#at
    while (kinds[this.#text.charCodeAt(this.#at)] === scalar) this.#at++
    return Number(this.#text.slice(start, this.#at))
  }

  #literal<T>(length: number, value: T): T {
    this.#at += length
    return value
  }

  #space(): void {
    while (this.#text.charCodeAt(this.#at) <= 0x20) this.#at++
  }

  #find(character: string, from: number): number {
    const at = this.#text.indexOf(character, from)
    return at === -1 ? this.#text.length : at
  }
}
