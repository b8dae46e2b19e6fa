import { endOfSpecials, nextSpecial } from './special.ts'

/** A text as it is compared, and the way back from there. */
export type Folded = {
  readonly text: string
  /** The range of the original that the range `[start, end)` of the folded text came from. */
  origin(start: number, end: number): { readonly start: number; readonly end: number }
}

/** What is invisible: zero-width characters, soft hyphens, variation selectors, tags, bidirectional and other controls but white space. */
const unseen = /[\p{DI}\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]+/gu
const hasUnseen = /[\p{DI}\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]/u

/** A run of marks that is longer goes by clusters. */
const SHORT_RUN = 64
const hasMark = /\p{M}/u

/**
 * What normalisation may join into one character: a base and its marks, a run of Hangul letters. Long runs of marks are cut, since putting
 * them into canonical order costs the square of their number.
 */
const clusters =
  /[\u1100-\u11ff\p{DI}\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]{2,512}|[^][\p{M}\p{DI}\u1161-\u11ff\uff9e\uff9f\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]{0,32}/gu

/** Full case folding (Unicode 5.18), with the means of the language: sharp s, dotless i and final sigma meet their other spellings. */
const folding = (text: string): string => text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ')

/** What becomes of the case of letters: `plain` in a text that is simple otherwise, `full` in any. */
type Casing = { readonly plain: (text: string) => string; readonly full: (text: string) => string }

const lower: Casing = { plain: text => text.toLowerCase(), full: folding }
const kept: Casing = { plain: text => text, full: text => text }

const foldTo = (text: string, { full }: Casing): string => {
  const visible = text.normalize('NFKC').replace(unseen, '')
  return full(visible).normalize('NFKC')
}

/** A text as it is compared: NFKC, case folded, without what is invisible. */
export const fold = (text: string): string => foldTo(text, lower)

/** Whether a text differs from what a reader takes it for, upper and lower case apart. */
export function isDisguised(text: string): boolean {
  if (hasUnseen.test(text)) return true
  for (let at = 0; at < text.length; at += PART) {
    const part = text.slice(at, at + PART + JOINED)
    if (part.normalize('NFKC') !== part) return true
  }
  return false
}

/** Mostly the beginning of a text shows it. */
const PART = 4096
/** So many units behind may join what stands before them. */
const JOINED = 64

/** The whole character that ends before a place. */
export function before(text: string, at: number): string {
  const unit = text.charCodeAt(at - 1)
  const isPair = unit >= 0xdc00 && unit <= 0xdfff && at >= 2
  return text.slice(Math.max(0, isPair ? at - 2 : at - 1), at)
}

/** Printable ASCII and white space alone: folding such a text changes nothing but the case of letters. */
export const isSimple = (text: string): boolean => !/[^\t-\r -~]/.test(text)

/** Units that are folded before others get a turn; the slowest scripts take a microsecond for one. */
const TURN = 4096
/** A stretch that is folded in one piece, as ordinary text of any script can be. Short, so that one odd character spoils little. */
const STRETCH = 256

/** Folds a whole text so that places can be found again. Linear in the length of the text. */
export const foldWithOrigin = (text: string): Folded => settled(foldInSteps(text))

/** What comes of all steps at once. */
export function settled<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** The same with a yield every few thousand units. */
export const foldInSteps = (text: string): Generator<undefined, Folded> => folded(text, lower)

/** The same, upper and lower case as they are. */
export const revealInSteps = (text: string): Generator<undefined, Folded> => folded(text, kept)

function* folded(text: string, casing: Casing): Generator<undefined, Folded> {
  let at = isSimple(text) ? text.length : nextSpecial(text, 0)
  if (at === text.length) return { text: casing.plain(text), origin: (start, end) => ({ start, end }) }
  const pieces = new Pieces()
  const known: Known = new Map()
  let done = 0
  let turn = TURN
  let tried = 0
  while (at < text.length) {
    // The character before may be the base of a mark.
    const from = Math.max(done, at - before(text, at).length)
    pieces.straight(casing.plain(text.slice(done, from)), done)
    done = from < tried ? from : foldStretch(text, from, pieces, casing)
    if (done <= at) {
      tried = from + STRETCH
      done = endOfSpecials(text, at)
      if (done - from <= SHORT_RUN) foldShort(text.slice(from, done), from, pieces, known, casing)
      else yield* foldLong(text.slice(from, done), from, pieces, casing)
    }
    at = nextSpecial(text, done)
    if (done > turn) {
      turn = done + TURN
      yield
    }
  }
  pieces.straight(casing.plain(text.slice(done)), done)
  return { text: pieces.text.join(''), origin: (start, end) => pieces.origin(start, end) }
}

/** What stands there folded, when nothing is to be taken out or joined and it is folded unit for unit. */
function foldedStraight(text: string, { full }: Casing): string | undefined {
  if (isDisguised(text)) return undefined
  const folded = full(text)
  // Folding only ever lengthens, so an equal length means unit for unit.
  return folded.length === text.length && folded.normalize('NFKC') === folded ? folded : undefined
}

/** Folds up to the last space of a stretch, if that can be done in one piece; a space joins nothing that stands before it. Says how far it came. */
function foldStretch(text: string, from: number, pieces: Pieces, casing: Casing): number {
  const to = from + STRETCH < text.length ? text.lastIndexOf(' ', from + STRETCH) : text.length
  if (to <= from) return from
  const folded = foldedStraight(text.slice(from, to), casing)
  if (folded === undefined) return from
  pieces.straight(folded, from)
  return to
}

/** Runs that were folded before: unit for unit, or cluster by cluster. */
type Known = Map<string, string | readonly Cluster[]>
type Cluster = { readonly folded: string; readonly at: number; readonly units: number }

function foldShort(run: string, from: number, pieces: Pieces, known: Known, casing: Casing): void {
  let folded = known.get(run)
  if (folded === undefined) {
    folded = foldedStraight(run, casing) ?? Array.from(run.matchAll(clusters), clusterOf(casing))
    known.set(run, folded)
  }
  if (typeof folded === 'string') pieces.straight(folded, from)
  else for (const cluster of folded) pieces.cluster(cluster.folded, from + cluster.at, cluster.units)
}

const clusterOf =
  (casing: Casing) =>
  ({ 0: cluster, index }: RegExpExecArray): Cluster => ({
    folded: foldTo(cluster, casing),
    at: index,
    units: cluster.length,
  })

function* foldLong(run: string, from: number, pieces: Pieces, casing: Casing): Generator<undefined, void> {
  const straight = hasMark.test(run) ? undefined : foldedStraight(run, casing)
  if (straight !== undefined) return pieces.straight(straight, from)
  const known = new Map<string, string>()
  let turn = TURN
  for (const { 0: cluster, index } of run.matchAll(clusters)) {
    let folded = known.get(cluster)
    if (folded === undefined) known.set(cluster, (folded = foldTo(cluster, casing)))
    pieces.cluster(folded, from + index, cluster.length)
    if (index > turn) {
      turn = index + TURN
      yield
    }
  }
}

/** The folded pieces in order, with the place where each began in the original. A cluster maps as a whole, a straight piece unit for unit. */
export class Pieces {
  readonly text: string[] = []
  readonly #at: number[] = []
  readonly #from: number[] = []
  readonly #units: number[] = []
  #length = 0

  straight(text: string, from: number): void {
    const last = this.#at.length - 1
    const expected = last < 0 || this.#units[last] !== 0 ? -1 : this.#from[last]! + this.#length - this.#at[last]!
    if (from !== expected) return this.#add(text, from, 0)
    this.text.push(text)
    this.#length += text.length
  }

  cluster(text: string, from: number, units: number): void {
    this.#add(text, from, units)
  }

  origin(start: number, end: number): { start: number; end: number } {
    const first = this.#piece(start)
    const last = this.#piece(end - 1)
    const from = this.#from[first]! + (this.#units[first] === 0 ? start - this.#at[first]! : 0)
    const to = this.#from[last]! + (this.#units[last] === 0 ? end - this.#at[last]! : this.#units[last]!)
    return { start: from, end: to }
  }

  #add(text: string, from: number, units: number): void {
    if (text === '') return
    this.text.push(text)
    this.#at.push(this.#length)
    this.#from.push(from)
    this.#units.push(units)
    this.#length += text.length
  }

  /** The piece that holds a place of the folded text. */
  #piece(place: number): number {
    let low = 0
    let high = this.#at.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#at[middle]! <= place) low = middle
      else high = middle - 1
    }
    return low
  }
}
