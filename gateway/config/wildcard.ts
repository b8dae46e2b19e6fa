/** Tells whether a name is meant. */
export type Matcher = (name: string) => boolean

/** What stands between two `*`: the code points, `any` for a `?`. */
type Piece = readonly number[]

const any = -1

function pointsOf(text: string): number[] {
  const points: number[] = []
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at)!
    points.push(point)
    if (point > 0xffff) at++
  }
  return points
}

/**
 * Text without `?`: native searches. They look at code units, which comes to the same as code points, since a piece that begins and ends with whole
 * characters is found only where whole characters begin and end.
 */
function plain(pieces: readonly string[]): Matcher {
  const [head = '', ...inner] = pieces
  const tail = inner.pop() ?? ''
  const least = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return name => {
    if (name.length < least || !name.startsWith(head) || !name.endsWith(tail)) return false
    const end = name.length - tail.length
    let from = head.length
    for (const piece of inner) {
      const at = name.indexOf(piece, from)
      if (at === -1) return false
      from = at + piece.length
    }
    return from <= end
  }
}

const standsAt = (piece: Piece, name: readonly number[], from: number): boolean =>
  piece.every((point, at) => point === any || point === name[from + at])

/** The place behind the first occurrence of a piece between two places, or -1. */
type Search = (name: readonly number[], from: number, end: number) => number

/**
 * Shift-And (Baeza-Yates and Gonnet, 1992): a bit for each beginning of the piece that ends at the character just read, so that no character is read
 * twice. A long piece has several words of bits.
 */
function search(piece: Piece): Search {
  const words = Math.ceil(piece.length / 32)
  const alphabet = Uint32Array.from(new Set(piece.filter(point => point !== any))).sort()
  // One row of bits for each character of the alphabet, and a last one for all others.
  const rows = new Uint32Array((alphabet.length + 1) * words)
  for (let row = 0; row <= alphabet.length; row++)
    for (const [at, point] of piece.entries())
      if (point === any || point === alphabet[row]) rows[row * words + (at >> 5)]! |= 1 << (at & 31)
  const state = new Uint32Array(words)
  const last = 1 << ((piece.length - 1) & 31)
  return (name, from, end) => {
    state.fill(0)
    for (let at = from; at < end; at++) {
      const row = rowOf(alphabet, name[at]!) * words
      let carry = 1
      for (let word = 0; word < words; word++) {
        const before = state[word]!
        state[word] = ((before << 1) | carry) & rows[row + word]!
        carry = before >>> 31
      }
      if ((state[words - 1]! & last) !== 0) return at + 1
    }
    return -1
  }
}

/** Where a character stands in the sorted alphabet; its length when it does not. */
function rowOf(alphabet: Uint32Array, point: number): number {
  let low = 0
  let high = alphabet.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (alphabet[middle]! < point) low = middle + 1
    else high = middle
  }
  return alphabet[low] === point ? low : alphabet.length
}

/** Any glob, over the code points of a name. */
function general(glob: string): (name: readonly number[]) => boolean {
  const pieces = glob.split(/\*+/).map(piece => pointsOf(piece).map(point => (point === 0x3f ? any : point)))
  const [head, tail] = [pieces[0]!, pieces.length > 1 ? pieces.at(-1)! : undefined]
  if (!tail) return name => name.length === head.length && standsAt(head, name, 0)
  const inner = pieces.slice(1, -1).map(search)
  const least = head.length + tail.length
  return name => {
    const end = name.length - tail.length
    if (name.length < least || !standsAt(head, name, 0) || !standsAt(tail, name, end)) return false
    let from = head.length
    for (const find of inner) {
      from = find(name, from, end)
      if (from === -1) return false
    }
    return true
  }
}

/** So few are asked one after the other faster than by their beginnings. */
const few = 8

/** Globs of whole characters without `?`. Of many only those are asked whose beginning, up to the first `*`, is that of the name. */
function easy(globs: ReadonlySet<string>): Matcher {
  const byHead = new Map<string, Matcher[]>()
  for (const glob of globs) {
    const pieces = glob.split(/\*+/)
    const others = byHead.get(pieces[0]!) ?? []
    others.push(plain(pieces))
    byHead.set(pieces[0]!, others)
  }
  const all = [...byHead.values()].flat()
  if (all.length <= few) return name => all.some(matches => matches(name))
  const lengths = [...new Set(Array.from(byHead.keys(), head => head.length))].toSorted((a, b) => a - b)
  return name => {
    for (const length of lengths) {
      if (length > name.length) return false
      if (byHead.get(name.slice(0, length))?.some(matches => matches(name)) === true) return true
    }
    return false
  }
}

/** All other globs. */
function hard(globs: ReadonlySet<string>): Matcher {
  const matchers = Array.from(globs, general)
  return name => {
    const points = pointsOf(name)
    return matchers.some(matches => matches(points))
  }
}

const isEasy = (glob: string): boolean => glob.includes('*') && !glob.includes('?') && glob.isWellFormed()

/**
 * Tells whether any of the globs means the whole of a name: `*` stands for any run of characters, `?` for one. The pieces between the `*` are looked for
 * from left to right and none is looked for again, so the work for a glob grows with the length of the name and no faster, whatever the glob.
 */
export function wildcards(globs: readonly string[]): Matcher {
  if (globs.some(glob => /^\*+$/.test(glob))) return () => true
  const some = new Set(globs.filter(isEasy))
  const others = new Set(globs.filter(glob => !isEasy(glob)))
  const [first, second] = [easy(some), hard(others)]
  if (others.size === 0) return first
  return name => first(name) || second(name)
}
