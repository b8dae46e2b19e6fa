/** Finds many needles in one pass (Aho and Corasick, 1975), as one dense table: a state and the class of the next unit give the next state. */
export type Automaton = {
  /** Whether any needle may occur. */
  touches(text: string): boolean
  /** The same over the bytes of an ASCII text. */
  touchesBytes(bytes: Uint8Array): boolean
  /**
   * Every place where a needle may begin, ordered by where its known part ends. Nothing is missed, but upper and lower case of ASCII are one, and
   * a needle that is too long for the table is known by its beginning alone: the caller compares.
   */
  candidates(text: string, visit: (needle: number, start: number) => void): void
}

const DELETE = 0x7f
/** Units beyond ASCII share this many classes: more places to compare, but a table that stays small for any script. */
const WIDE_CLASSES = 48
const MAX_STATES = 0xffff

/** @param needles lower case, not empty. @param cells the most that the table may hold; needles are cut until it fits. */
export function automaton(needles: readonly string[], cells = 1 << 20): Automaton {
  const classes = classesOf(needles)
  const depth = depthFor(needles, Math.min(MAX_STATES, Math.floor(cells / classes.count)))
  const { table, outputs, accepting } = sorted(build(needles, depth, classes), classes.count)
  const { ascii, wide, count } = classes

  /** The place behind the first end of a needle at or after `at`, or -1. Leaves the state it came to in `states[0]`. */
  const states = new Uint32Array(1)
  const advance = (text: string, from: number): number => {
    let state = states[0]!
    for (let at = from; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      state = table[state * count + (unit < 128 ? ascii[unit]! : wide === undefined ? 0 : (wide.get(unit) ?? 0))]!
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
        state = table[state * count + ascii[bytes[at]! & 127]!]!
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
        for (const needle of outputs[state - accepting]!) visit(needle, at - Math.min(depth, needles[needle]!.length))
      }
    },
  }
}

type Classes = {
  readonly ascii: Uint8Array
  readonly wide: Map<number, number> | undefined
  readonly count: number
}

/** Class 0 is every unit that no needle has; DELETE has its own, since it may stand inside a needle that is searched. */
function classesOf(needles: readonly string[]): Classes {
  const ascii = new Uint8Array(128)
  ascii[DELETE] = 1
  let count = 2
  const beyond = new Set<number>()
  for (const needle of needles) {
    for (let at = 0; at < needle.length; at++) {
      const unit = needle.charCodeAt(at)
      if (unit > 127) beyond.add(unit)
      else if (ascii[unit] === 0) ascii[unit] = count++
    }
  }
  for (let unit = 0x41; unit <= 0x5a; unit++) if (ascii[unit] === 0) ascii[unit] = ascii[unit + 32]!
  if (beyond.size === 0) return { ascii, wide: undefined, count }
  const wide = new Map([...beyond].map((unit, index) => [unit, count + (index % WIDE_CLASSES)]))
  return { ascii, wide, count: count + Math.min(WIDE_CLASSES, beyond.size) }
}

/** How many units of each needle the table knows: all of them, unless it would have more states than allowed. */
function depthFor(needles: readonly string[], states: number): number {
  const longest = needles.reduce((most, needle) => Math.max(most, needle.length), 1)
  const total = (depth: number): number => needles.reduce((sum, needle) => sum + Math.min(depth, needle.length), 1)
  let depth = longest
  while (depth > 2 && total(depth) > states) depth = Math.ceil(depth / 2)
  return depth
}

function build(needles: readonly string[], depth: number, classes: Classes) {
  const { ascii, wide, count } = classes
  const children: Map<number, number>[] = [new Map()]
  const ends: (number[] | undefined)[] = [undefined]
  for (const [index, needle] of needles.entries()) {
    let state = 0
    for (let at = 0; at < Math.min(depth, needle.length); at++) {
      const unit = needle.charCodeAt(at)
      const next = unit < 128 ? ascii[unit]! : wide!.get(unit)!
      let child = children[state]!.get(next)
      if (child === undefined) {
        child = children.push(new Map()) - 1
        children[state]!.set(next, child)
      }
      state = child
    }
    ;(ends[state] ??= []).push(index)
  }
  const table = new Uint16Array(children.length * count)
  const outputs = complete(children, ends, table, count)
  return { table, outputs }
}

/** Breadth first: where a state has no child, the table goes where its longest proper suffix would go, and shares what ends there. */
function complete(
  children: readonly Map<number, number>[],
  ends: readonly (number[] | undefined)[],
  table: Uint16Array,
  count: number,
): (readonly number[] | undefined)[] {
  const suffix = new Uint32Array(children.length)
  const outputs: (readonly number[] | undefined)[] = Array.from({ length: children.length }, () => undefined)
  const queue = [0]
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head]!
    const inherited = state === 0 ? undefined : outputs[suffix[state]!]
    const own = ends[state]
    outputs[state] = own && inherited ? [...own, ...inherited] : (own ?? inherited)
    for (let unit = 0; unit < count; unit++) {
      const child = children[state]!.get(unit)
      const elsewhere = state === 0 ? 0 : table[suffix[state]! * count + unit]!
      table[state * count + unit] = child ?? elsewhere
      if (child === undefined) continue
      suffix[child] = elsewhere
      queue.push(child)
    }
    // A raw DELETE is the one control character that may stand in a JSON string of plain bytes; it must not hide a needle.
    table[state * count + 1] = state
  }
  return outputs
}

type Built = { readonly table: Uint16Array; readonly outputs: readonly (readonly number[] | undefined)[] }

/** Renumbers the states so that those in which a needle ends come last: then one comparison tells them. */
function sorted({ table, outputs }: Built, count: number) {
  const accepting = outputs.filter(output => output === undefined).length
  const numbers = new Uint16Array(outputs.length)
  let plain = 0
  let ending = accepting
  for (let state = 0; state < outputs.length; state++)
    numbers[state] = outputs[state] === undefined ? plain++ : ending++
  const moved = new Uint16Array(table.length)
  for (let state = 0; state < outputs.length; state++) {
    for (let unit = 0; unit < count; unit++)
      moved[numbers[state]! * count + unit] = numbers[table[state * count + unit]!]!
  }
  return { table: moved, outputs: outputs.filter(output => output !== undefined), accepting }
}
