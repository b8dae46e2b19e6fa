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

/** Two ends between which the median lies with a probability of at least 95 %, and that probability. */
export type Interval = { readonly low: number; readonly high: number; readonly coverage: number }

/**
 * The distribution-free interval of the median: how many of n independent values lie below it follows Bin(n, 1/2), so the median lies between the
 * k-th least and the k-th greatest with probability 1 - 2·P(Bin(n, 1/2) < k). Taken is the greatest k for which that is at least 95 %
 * (Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2). Throws below six values, which cannot give it.
 */
export function medianInterval(values: readonly number[]): Interval {
  const sorted = [...values].sort((a, b) => a - b)
  const count = sorted.length
  // P(Bin = k) and P(Bin < k), from k = 0.
  let [chance, below, rank, coverage] = [0.5 ** count, 0, 0, 0]
  while (1 - 2 * (below + chance) >= 0.95) {
    below += chance
    coverage = 1 - 2 * below
    chance *= (count - rank) / (rank + 1)
    rank++
  }
  const [low, high] = [sorted[rank - 1], sorted[count - rank]]
  if (low === undefined || high === undefined) throw new Error(`${count} values give no interval of 95 %`)
  return { low, high, coverage }
}
