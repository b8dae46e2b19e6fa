import type { DetectorOptions } from '../config/guardrails.ts'
import { automaton } from './automaton.ts'
import { type Detector, type Hit, merged } from './detector.ts'
import { fold, foldWithOrigin, isSimple } from './fold.ts'

const placeholder = '[redacted:keyword]'

/**
 * Letters, digits, marks and the low line belong to a word. Scripts that write without spaces have no such edges, so there a term is found
 * wherever it stands.
 */
const inWord =
  /[[\p{L}\p{N}\p{M}_]--[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]]/v

/** The whole character that ends before or begins at a place. */
const before = (text: string, at: number): string => {
  const unit = text.charCodeAt(at - 1)
  return unit >= 0xdc00 && unit <= 0xdfff ? text.slice(Math.max(0, at - 2), at) : text.slice(Math.max(0, at - 1), at)
}
const after = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at) ?? 0x20)

const joins = (left: string, right: string): boolean => inWord.test(left) && inWord.test(right)

/** Any white space counts as one space, in terms and in texts alike, so that a line break does not hide a term of two words. */
const spaced = (text: string): string => text.replace(/[\s\u00a0]/g, ' ')

/** Finds forbidden terms after NFKC and case folding, through zero-width characters and soft hyphens. */
export function keywords(options: DetectorOptions['keywords']): Detector {
  const words = options.words.map(word => spaced(fold(word)).trim())
  const wanted = words.map((word, index) => ({ word, index })).filter(({ word }) => word !== '')
  const search = automaton(wanted.map(({ word }) => word))
  const wholeWords = options.matchMode !== 'Substring'

  const isWhole = (text: string, start: number, end: number): boolean =>
    !joins(before(text, start), after(text, start)) && !joins(before(text, end), after(text, end))

  return {
    name: 'keywords',
    literals: wanted.filter(({ word }) => isSimple(word)).map(({ word }) => longestPart(word)),
    placeholders: [placeholder],
    find(text) {
      const folded = foldWithOrigin(text)
      const searched = spaced(folded.text)
      const hits: Hit[] = []
      search.candidates(searched, (needle, start) => {
        const { word, index } = wanted[needle]!
        const end = start + word.length
        if (!searched.startsWith(word, start) || (wholeWords && !isWhole(searched, start, end))) return
        hits.push({ ...folded.origin(start, end), rule: `keyword ${index + 1}`, replacement: placeholder })
      })
      return merged(hits)
    },
  }
}

/** White space may be spelled in several ways, so a term of several words is known by the longest of them. */
const longestPart = (word: string): string => word.split(' ').reduce((a, b) => (b.length > a.length ? b : a))
