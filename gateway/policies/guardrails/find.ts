import type { Detector, Hit } from '../../detectors/detector.ts'
import type { Steps } from '../../exchange.ts'

/** A text that is longer is read in windows, with a turn for other calls after each: about a millisecond or two. */
const WINDOW = 98_304
/** More than two of the longest hits: one that only the cut made can keep its detector from one that begins within it. */
const OVERLAP = 36_864
/** No detector's hit, with what it looks back and ahead upon, is longer. */
const LONGEST = 17_408
/** What a detector may look back upon: so near to its beginning, a window can hold a hit only because what comes before was cut off. */
const LOOK_BACK = 512

/**
 * Gives every place that a detector finds in a text of any length; once `take` answered false, no further window is read. The places of one window are in order and apart;
 * those of the next one can repeat or overlap them, and together they cover at least what the detector would find in the whole text.
 * Yields between windows, and where the detector does, and holds what was found in one window alone.
 */
export function* findHits(
  detector: Detector,
  text: string,
  key: string | undefined,
  take: (hit: Hit) => boolean,
): Steps<void> {
  for (let from = 0; ; from = evenly(text, from + WINDOW - OVERLAP)) {
    const to = Math.min(text.length, from + WINDOW)
    const isWanted = offered(yield* findIn(detector, text.slice(from, to), key), from, take)
    if (!isWanted || to === text.length) return
    yield
  }
}

/** Whether more is wanted. */
function offered(hits: readonly Hit[], from: number, take: (hit: Hit) => boolean): boolean {
  let isWanted = true
  for (const hit of hits) {
    const { start, end, rule, replacement } = hit
    if (from > 0 && isOfWindowBefore(hit)) continue
    if (!take({ start: start + from, end: end + from, rule, replacement })) isWanted = false
  }
  return isWanted
}

/**
 * The window before knew what comes before this place, and saw it to its end: if it is a hit, it was given then. And so was whatever may begin
 * within it and was passed over for it here. A hit that goes on for longer is kept, even if it only stands there because of the cut.
 */
const isOfWindowBefore = ({ start, end }: Hit): boolean => start < LOOK_BACK && end <= OVERLAP - LONGEST

function* findIn(detector: Detector, text: string, key: string | undefined): Steps<readonly Hit[]> {
  return detector.findInSteps === undefined ? detector.find(text, key) : yield* detector.findInSteps(text, key)
}

/** The place, or the one before when it would part the two halves of a character. */
function evenly(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at
}
