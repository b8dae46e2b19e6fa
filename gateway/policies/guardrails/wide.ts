import type { Steps } from '../../exchange.ts'

/** So many printable letters of ASCII, each beside a null, are text wherever they stand: titles of music and pictures are kept so. */
const RUN = 6

/** Of the units of a text in UTF-16 so many in a hundred stand for letters, of random ones less than half. */
const PLAUSIBLE = 85

type Order = 'little' | 'big'

/**
 * What bytes say as UTF-16: the whole of them where a byte order mark or most of the units speak for it, else the runs of ASCII that stand
 * there. Both orders are tried, from the first byte and from the second.
 */
export function* wideTexts(bytes: Buffer): Steps<string[]> {
  const texts: string[] = []
  for (const order of ['little', 'big'] as const)
    for (const from of [0, 1]) {
      const text = yield* wideText(bytes.subarray(from, bytes.length - ((bytes.length - from) % 2)), order)
      if (text !== '') texts.push(text)
    }
  return texts
}

/** Bytes after which others get a turn; even. */
export const TURN = 1 << 18

/** @param bytes an even number of them */
function* wideText(bytes: Buffer, order: Order): Steps<string> {
  const high = order === 'little' ? 1 : 0
  const mark = order === 'little' ? 0xfffe : 0xfeff
  const seen = new Seen()
  for (let from = 0; from < bytes.length; from += TURN) {
    if (from > 0) yield
    const to = Math.min(bytes.length, from + TURN)
    for (let at = from; at < to; at += 2) seen.unit((bytes[at + high]! << 8) | bytes[at + 1 - high]!, at)
  }
  seen.end(bytes.length)
  const isMarked = bytes.length > 1 && bytes.readUInt16BE(0) === mark
  if (isMarked || (bytes.length >= 2 * RUN && seen.plausible * 200 >= PLAUSIBLE * bytes.length))
    return decoded(bytes, order)
  return yield* textOf(seen.runs, bytes)
}

type Run = { readonly from: number; readonly to: number }

/** Runs of a step, of which each becomes a string. */
const RUNS = 4096

function* textOf(runs: readonly Run[], bytes: Buffer): Steps<string> {
  const texts: string[] = []
  for (const { from, to } of runs) {
    texts.push(bytes.toString('latin1', from, to).replaceAll('\0', ''))
    if (texts.length % RUNS === 0) yield
  }
  return texts.join('\n')
}

class Seen {
  /** Runs of printable ASCII, in bytes. */
  readonly runs: Run[] = []
  plausible = 0
  #from = -1

  unit(unit: number, at: number): void {
    const isPrintable = (unit >= 0x20 && unit < 0x7f) || (unit >= 0x09 && unit <= 0x0d)
    if (isPrintable || isLetter(unit)) this.plausible++
    if (!isPrintable) this.end(at)
    else if (this.#from < 0) this.#from = at
  }

  end(at: number): void {
    if (this.#from >= 0 && at - this.#from >= 2 * RUN) this.runs.push({ from: this.#from, to: at })
    this.#from = -1
  }
}

/** Alphabets up to the Arabic one, those of India and Thailand, signs of punctuation, Chinese, Japanese and Korean. */
const isLetter = (unit: number): boolean =>
  (unit >= 0xa0 && unit < 0x1200) ||
  (unit >= 0x2000 && unit < 0x2100) ||
  (unit >= 0x3000 && unit < 0xa000) ||
  (unit >= 0xac00 && unit < 0xd7a4)

function decoded(bytes: Buffer, order: Order): string {
  return (order === 'little' ? bytes : Buffer.from(bytes).swap16()).toString('utf16le')
}
