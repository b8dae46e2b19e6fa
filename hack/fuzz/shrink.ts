import type { Input } from './input.ts'
import { disagrees } from './run.ts'
import type { Counterexample, Options } from './run.ts'

/** Takes bytes out of a counterexample, in ever smaller pieces, as long as it stays one. */
export async function shrink(
  found: Counterexample,
  options: Omit<Options, 'seed' | 'inputs'>,
): Promise<Counterexample> {
  let best = found
  for (let size = best.input.bytes.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.input.bytes.length;) {
      const { bytes } = best.input
      const input: Input = { ...best.input, bytes: Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]) }
      const reason = await disagrees(input, options)
      if (reason === undefined) at += size
      else best = { ...best, input, reason }
    }
  }
  return best
}

/** A counterexample for people. */
export function shown({ input, reason, seed }: Counterexample): string {
  const { bytes, from, recipe, limits } = input
  return [
    `seed ${seed}, ${recipe}, from a ${from}, limits ${JSON.stringify(limits)}`,
    `bytes (${bytes.length}): ${JSON.stringify(bytes.toString('latin1'))}`,
    `base64: ${bytes.toString('base64')}`,
    reason,
  ]
    .map(line => (line.length > 2000 ? `${line.slice(0, 2000)}…` : line))
    .join('\n')
}
