import { type Folded, isDisguised, Pieces, revealInSteps } from './fold.ts'

/** What does not stand for itself: letters beyond ASCII, and the signs with which escapes begin. */
const odd = /[^\t-\r -$'-[\]-~]/

/** Escapes of JSON and of programs, entities of HTML, percent signs before ASCII, and colours of terminals. One level: what an escape spells is not read as another. */
const escape =
  /\\{1,15}u(?:\{([0-9a-f]{1,6})\}|([0-9a-f]{4}))|\\{1,15}x([0-9a-f]{2})|&#x([0-9a-f]{1,6});?|&#([0-9]{1,7});?|&(amp|lt|gt|quot|apos|nbsp|equals|colon|lowbar|hyphen);|%([0-7][0-9a-f])|\x1b\[[\d;:?]{0,16}[@-~]/gi

const signs = ['\\', '&', '%', '\x1b']

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  equals: '=',
  colon: ':',
  lowbar: '_',
  hyphen: '-',
}

/** What must stand in a text of plain ASCII for an escape to hide what it says; `%` and `&` before most signs stand in every address. */
export const escapeLiterals: readonly string[] = [
  // Signs that need no escape in an address, and stand in tokens.
  '%5f',
  '%2d',
  '%2e',
  '&lowbar',
  '&hyphen',
  '&equals',
  '&colon',
  'pass%',
  'pass&',
  ...Array.from('0123456789x', digit => `&#${digit}`),
  ...Array.from('0123456789abcdefghijklmnopqrstuvwxyz', letter => `%${letter.charCodeAt(0).toString(16)}`),
  ...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ', letter => `%${letter.charCodeAt(0).toString(16)}`),
]

/** Whether a text may say something that its letters alone do not. */
export const isOdd = (text: string): boolean => odd.test(text)

/** Places after which others get a turn. */
const TURN = 2048

/** The text as a reader takes it, with the way back; undefined when that is how it stands. */
export function* spelledInSteps(text: string): Generator<undefined, Folded | undefined> {
  const unescaped = yield* unescapedInSteps(text)
  const read = unescaped?.text ?? text
  if (!isDisguised(read)) return unescaped
  yield
  const revealed = yield* revealInSteps(read)
  if (unescaped === undefined) return revealed
  return {
    text: revealed.text,
    origin: (start, end) => {
      const within = revealed.origin(start, end)
      return unescaped.origin(within.start, within.end)
    },
  }
}

function* unescapedInSteps(text: string): Generator<undefined, Folded | undefined> {
  if (!signs.some(sign => text.includes(sign)) || text.search(escape) < 0) return undefined
  const pieces = new Pieces()
  let done = 0
  let count = 0
  for (const match of text.matchAll(escape)) {
    pieces.straight(text.slice(done, match.index), done)
    pieces.cluster(lettersOf(match), match.index, match[0].length)
    done = match.index + match[0].length
    if (++count % TURN === 0) yield
  }
  pieces.straight(text.slice(done), done)
  return { text: pieces.text.join(''), origin: (start, end) => pieces.origin(start, end) }
}

function lettersOf(match: RegExpExecArray): string {
  const [whole, braced, unit, byte, hex, decimal, name, percent] = match
  if (whole.startsWith('\x1b')) return ''
  if (name !== undefined) return entities[name.toLowerCase()]!
  const code = decimal === undefined ? parseInt(braced ?? unit ?? byte ?? hex ?? percent!, 16) : Number(decimal)
  return code > 0x10ffff ? whole : unit === undefined ? String.fromCodePoint(code) : String.fromCharCode(code)
}
