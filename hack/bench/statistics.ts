/** The middle one of several repeats, and how far they lie apart. */
export type Spread = { readonly median: number; readonly least: number; readonly most: number }

/** Throws when there is nothing to summarise: a figure that was not measured must not appear. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const [least] = sorted
  const most = sorted.at(-1)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (least === undefined || most === undefined || upper === undefined || lower === undefined)
    throw new Error('no values')
  return { median: (lower + upper) / 2, least, most }
}
