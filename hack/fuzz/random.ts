/** Numbers that follow from a seed alone, so that a counterexample comes back. */
export type Random = {
  /** A whole number from 0 up to but without `below`. */
  below(below: number): number
  /** True once in `n` times. */
  oneIn(n: number): boolean
  pick<T>(items: readonly T[]): T
}

/** A 32-bit linear congruential generator (Numerical Recipes' constants) whose output is mixed by xor-shift and multiply. */
export function random(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x45d9f3b)
    return (mixed ^ (mixed >>> 16)) >>> 0
  }
  const below = (limit: number) => Math.floor((next() / 2 ** 32) * limit)
  return {
    below,
    oneIn: n => below(n) === 0,
    pick: <T>(items: readonly T[]): T => items[below(items.length)] as T,
  }
}
