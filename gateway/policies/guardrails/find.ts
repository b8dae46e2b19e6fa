import { type Detector, type Hit, merged } from '../../detectors/detector.ts'
import type { Steps } from '../../exchange.ts'

/** A text that is longer is read in windows, with a turn for other calls after each: about a millisecond or two. */
const WINDOW = 1 << 16
/** Windows overlap by more than the longest hit. */
const OVERLAP = 20_480
/** What a detector may look back upon; a hit so near to the beginning of a window was judged in the one before. */
const LOOK_BACK = 512

/** What a detector finds in a text of any length. Yields between windows, and where the detector does. */
export function* findHits(detector: Detector, text: string, key: string | undefined): Steps<readonly Hit[]> {
  if (text.length <= WINDOW) return yield* findIn(detector, text, key)
  const hits: Hit[] = []
  for (let from = 0; ; from = evenly(text, from + WINDOW - OVERLAP)) {
    const to = Math.min(text.length, from + WINDOW)
    for (const hit of yield* findIn(detector, text.slice(from, to), key)) {
      // A hit at the beginning of a window that only stands there because what comes before it was cut off is none, unless the window before had
      // one there. A hit that is cut behind is kept: merged with what the next window finds, it covers at least as much.
      const isCutBefore = from > 0 && hit.start < LOOK_BACK && !hits.some(known => known.end >= hit.start + from)
      if (!isCutBefore) hits.push({ ...hit, start: hit.start + from, end: hit.end + from })
    }
    yield
    if (to === text.length) return merged(hits)
  }
}

function* findIn(detector: Detector, text: string, key: string | undefined): Steps<readonly Hit[]> {
  return detector.findInSteps === undefined ? detector.find(text, key) : yield* detector.findInSteps(text, key)
}

/** The place, or the one before when it would part the two halves of a character. */
function evenly(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at
}
