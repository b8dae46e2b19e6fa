import type { Steps } from '../exchange.ts'

/** Finds many needles in one pass (Aho and Corasick, 1975), as one dense table: a state and the class of the next unit give the next state. */
export type Automaton = {
  /** Whether any needle may occur. */
  touches(text: string): boolean
  /** The same over the bytes of an ASCII text. No backslash hides a needle, unless a needle has one itself: the text may be JSON with escapes. */
  touchesBytes(bytes: Uint8Array): boolean
  /**
   * Every place where a needle may begin, ordered by where its known part ends. Nothing is missed, but upper and lower case of ASCII are one, and
   * a needle that is too long for the table is known by its beginning alone: the caller compares.
   */
  candidates(text: string, visit: (needle: number, start: number) => void): void
  /** The same with a yield after so many of them (and a few): a text can be nothing but needles. */
  candidatesInSteps(text: string, visit: (needle: number, start: number) => void, turn: number): Steps<void>
}

const DELETE = 0x7f
const BACKSLASH = 0x5c
/** Units beyond ASCII share this many classes: more places to compare, but a table that stays small for any script. */
const WIDE_CLASSES = 48
const MAX_STATES = 0xffff

/** @param needles lower case, not empty. @param cells the most that the table may hold; needles are cut until it fits. */
export function automaton(needles: readonly string[], cells = 1 << 20): Automaton {
  const classes = classesOf(needles)
  const depth = depthFor(needles, Math.min(MAX_STATES, Math.floor(cells / (1 << classes.shift))))
  const { table, outputs, accepting } = complete(trieOf(needles, depth, classes), 1 << classes.shift)
  const { ascii, wide, shift } = classes
  const inBytes = ascii.slice()
  if (inBytes[BACKSLASH] === 0) inBytes[BACKSLASH] = 1

  /** The place behind the first end of a needle at or after `at`, or -1. Leaves the state it came to in `states[0]`. */
  const states = new Uint32Array(1)
  const advance = (text: string, from: number): number => {
    let state = states[0]!
    for (let at = from; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      state = table[(state << shift) + (unit < 128 ? ascii[unit]! : wide === undefined ? 0 : (wide.get(unit) ?? 0))]!
      if (state >= accepting) {
        states[0] = state
        return at + 1
      }
    }
    return -1
  }

  return {
    touches(text) {
      states[0] = 0
      return advance(text, 0) >= 0
    },
    touchesBytes(bytes) {
      let state = 0
      for (let at = 0; at < bytes.length; at++) {
        state = table[(state << shift) + inBytes[bytes[at]! & 127]!]!
        if (state >= accepting) return true
      }
      return false
    },
    candidates(text, visit) {
      let state = 0
      for (let at = 0; ;) {
        states[0] = state
        at = advance(text, at)
        if (at < 0) return
        state = states[0]!
        for (const needle of outputs.get(state)!) visit(needle, at - Math.min(depth, needles[needle]!.length))
      }
    },
    *candidatesInSteps(text, visit, turn) {
      let state = 0
      let sinceTurn = 0
      for (let at = 0; ;) {
        states[0] = state
        at = advance(text, at)
        if (at < 0) return
        state = states[0]!
        const ending = outputs.get(state)!
        for (const needle of ending) visit(needle, at - Math.min(depth, needles[needle]!.length))
        sinceTurn += ending.length
        if (sinceTurn < turn) continue
        sinceTurn = 0
        yield
      }
    },
  }
}

type Classes = {
  readonly ascii: Uint8Array
  readonly wide: Map<number, number> | undefined
  /** A row of the table has `1 << shift` cells, one for each class. */
  readonly shift: number
}

/** Class 0 is every unit that no needle has; DELETE has its own, since it may stand inside a needle that is searched. */
function classesOf(needles: readonly string[]): Classes {
  const ascii = new Uint8Array(128)
  ascii[DELETE] = 1
  let count = 2
  const beyond: number[] = []
  for (const letter of new Set(needles.join('').split(''))) {
    const unit = letter.charCodeAt(0)
    if (unit > 127) beyond.push(unit)
    else if (ascii[unit] === 0) ascii[unit] = count++
  }
  for (let unit = 0x41; unit <= 0x5a; unit++) if (ascii[unit] === 0) ascii[unit] = ascii[unit + 32]!
  if (beyond.length === 0) return { ascii, wide: undefined, shift: shiftFor(count) }
  const wide = new Map(beyond.map((unit, index) => [unit, count + (index % WIDE_CLASSES)]))
  return { ascii, wide, shift: shiftFor(count + Math.min(WIDE_CLASSES, beyond.length)) }
}

/** A row that is a power of two is reached without a multiplication, which every unit of every text would wait for. */
const shiftFor = (count: number): number => 32 - Math.clz32(count - 1)

/** The most states that needles cut to a depth can have. */
const statesAt = (needles: readonly string[], depth: number): number =>
  needles.reduce((sum, needle) => sum + Math.min(depth, needle.length), 1)

/** How many units of each needle the table knows: all of them, unless it would have more states than allowed. */
function depthFor(needles: readonly string[], states: number): number {
  const longest = needles.reduce((most, needle) => Math.max(most, needle.length), 1)
  let depth = longest
  while (depth > 2 && statesAt(needles, depth) > states) depth = Math.ceil(depth / 2)
  return depth
}

/** Every needle as a path of classes from the root, state 0: for each state its class, its last child, and its elder brother. */
type Trie = {
  readonly size: number
  readonly unit: Uint8Array
  readonly child: Uint32Array
  readonly brother: Uint32Array
  /** The needles that end in a state. */
  readonly ends: ReadonlyMap<number, readonly number[]>
}

/** The classes of a needle's first units, as a text that can be sorted and compared. */
const pathOf = (needle: string, { ascii, wide }: Classes): string =>
  needle.replace(/[^]/g, letter => {
    const code = letter.charCodeAt(0)
    return String.fromCharCode(code < 128 ? ascii[code]! : wide!.get(code)!)
  })

/** Sorted paths share their beginning with the one before, so no child is ever searched for. */
function trieOf(needles: readonly string[], depth: number, classes: Classes): Trie {
  const most = statesAt(needles, depth)
  const unit = new Uint8Array(most)
  const child = new Uint32Array(most)
  const brother = new Uint32Array(most)
  const ends = new Map<number, number[]>()
  const paths = needles.map((needle, index) => ({ index, path: pathOf(needle.slice(0, depth), classes) }))
  /** The states along the path before. */
  const states = new Uint32Array(depth + 1)
  let size = 1
  let before = ''
  const add = (path: string): number => {
    let at = 0
    while (at < path.length && path[at] === before[at]) at++
    for (; at < path.length; at++, size++) {
      const state = states[at]!
      unit[size] = path.charCodeAt(at)
      brother[size] = child[state]!
      states[at + 1] = child[state] = size
    }
    before = path
    return states[at]!
  }
  for (const { path, index } of paths.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const state = add(path)
    ends.set(state, [...(ends.get(state) ?? []), index])
  }
  return { size, unit, child, brother, ends }
}

/**
 * Breadth first: where a state has no child, the table goes where its longest proper suffix would go, and shares what ends there. So a row is a
 * copy of another with a few cells changed. The numbers of states in which a needle ends are given from the last downwards: then one comparison
 * tells them. Few steps matter here, since whatever runs often at the start is compiled and stays in memory.
 */
function complete({ size, unit, child, brother, ends }: Trie, count: number) {
  const table = new Uint16Array(size * count)
  const outputs = new Map<number, readonly number[]>()
  const queue = new Uint16Array(size)
  const numbers = new Uint16Array(size)
  const suffixes = new Uint16Array(size)
  let known = 1
  let plain = 1
  let accepting = size
  const fill = (state: number): void => {
    const row = numbers[state]! * count
    const suffix = suffixes[state]! * count
    table.copyWithin(row, suffix, suffix + count)
    for (let next = child[state]!; next !== 0; next = brother[next]!) {
      const cell = row + unit[next]!
      const own = ends.get(next)
      const inherited = outputs.get((suffixes[next] = table[cell]!))
      const isEnd = own !== undefined || inherited !== undefined
      const number = isEnd ? --accepting : plain++
      if (isEnd) outputs.set(number, [...(own ?? []), ...(inherited ?? [])])
      table[cell] = numbers[next] = number
      queue[known++] = next
    }
    // A raw DELETE is the one control character that may stand in a JSON string of plain bytes; it must not hide a needle.
    table[row + 1] = numbers[state]!
  }
  // A short loop around a function: one long loop would be compiled by the last tier while it runs, which costs 5 MiB at rest (measured).
  for (let head = 0; head < known; head++) fill(queue[head]!)
  return { table, accepting, outputs }
}
