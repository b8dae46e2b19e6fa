import type { Quantity } from '../../../crds/resources.ts'

const exponent: Readonly<Record<string, readonly [base: bigint, power: bigint]>> = {
  '': [10n, 0n],
  k: [10n, 3n],
  M: [10n, 6n],
  G: [10n, 9n],
  T: [10n, 12n],
  Ki: [2n, 10n],
  Mi: [2n, 20n],
  Gi: [2n, 30n],
  Ti: [2n, 40n],
}

/** A quantity in millionths, exactly: the schema allows three decimals, and `m` stands for a thousandth. */
function millionths(quantity: Quantity): bigint {
  const [, whole = '0', decimals = '', suffix = ''] =
    /^([0-9]+)(?:\.([0-9]+))?([A-Za-z]*)$/.exec(String(quantity)) ?? []
  const thousandths = BigInt(whole + decimals.padEnd(3, '0'))
  if (suffix === 'm') return thousandths
  const [base, power] = exponent[suffix] ?? [10n, 0n]
  return thousandths * 1000n * base ** power
}

/** Negative, zero or positive as the first quantity is less than, equal to or more than the second. */
export function compareQuantities(left: Quantity, right: Quantity): number {
  const difference = millionths(left) - millionths(right)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
