import type { DetectorOptions } from '../config/guardrails.ts'
import { automaton } from './automaton.ts'
import type { Steps } from '../exchange.ts'
import { type Detector, type Hit, merged, Merging } from './detector.ts'
import { before, fold, type Folded, foldInSteps, foldWithOrigin, isSimple, settled } from './fold.ts'

const placeholder = '[redacted:keyword]'

/**
 * Letters, digits, marks and the low line belong to a word. Scripts that write without spaces have no such edges, so there a term is found
 * wherever it stands.
 */
const inWord =
  /[[\p{L}\p{N}\p{M}_]--[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]]/v

/** The whole character that begins at a place. */
const after = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at) ?? 0x20)

const joins = (left: string, right: string): boolean => inWord.test(left) && inWord.test(right)

/** Any white space counts as one space, in terms and in texts alike, so that a line break does not hide a term of two words. */
const spaced = (text: string): string => text.replace(/[^\S ]/g, ' ')

/** Places that are compared before others get a turn: about a millisecond. */
const TURN = 2048

/** Finds forbidden terms after NFKC and case folding, through zero-width characters and soft hyphens. */
export function keywords(options: DetectorOptions['keywords']): Detector {
  const words = options.words.map(word => spaced(fold(word)).trim())
  const wanted = words.map((word, index) => ({ word, index })).filter(({ word }) => word !== '')
  const rules = wanted.map(({ index }) => `keyword ${index + 1}`)
  const search = automaton(wanted.map(({ word }) => word))
  const literals = wanted.filter(({ word }) => isSimple(word)).map(({ word }) => longestPart(word))
  // Most texts hold no term at all, and the plain spelling of a plain text needs no folding to see that.
  const glance = automaton(literals)
  const isPhrase = words.some(word => word.includes(' '))
  const wholeWords = options.matchMode !== 'Substring'

  const isWhole = (text: string, start: number, end: number): boolean =>
    !joins(before(text, start), after(text, start)) && !joins(before(text, end), after(text, end))

  function* foundIn(folded: Folded): Steps<readonly Hit[]> {
    const searched = isPhrase ? spaced(folded.text) : folded.text
    const merging = new Merging()
    yield* search.candidatesInSteps(
      searched,
      (needle, start) => {
        const { word } = wanted[needle]!
        const end = start + word.length
        if (!searched.startsWith(word, start) || (wholeWords && !isWhole(searched, start, end))) return
        merging.add({ start, end, rule: rules[needle]!, replacement: placeholder })
      },
      TURN,
    )
    const hits: Hit[] = []
    for (const { start, end, rule } of merging.hits) {
      const origin = folded.origin(start, end)
      hits.push({ start: origin.start, end: origin.end, rule, replacement: placeholder })
      if (hits.length % TURN === 0) yield
    }
    return merged(hits)
  }

  return {
    name: 'keywords',
    literals,
    placeholders: [placeholder],
    find: text => (isSimple(text) && !glance.touches(text) ? [] : settled(foundIn(foldWithOrigin(text)))),
    *findInSteps(text) {
      return isSimple(text) && !glance.touches(text) ? [] : yield* foundIn(yield* foldInSteps(text))
    },
  }
}

/** White space may be spelled in several ways, so a term of several words is known by the longest of them. */
const longestPart = (word: string): string => word.split(' ').reduce((a, b) => (b.length > a.length ? b : a))
