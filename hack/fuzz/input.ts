import type { ReadLimits } from '../../gateway/exchange.ts'
import type { Sender } from '../../gateway/mcp/envelope.ts'
import { body } from './grammar.ts'
import { damage, mutations } from './mutations.ts'
import type { Random } from './random.ts'
import { emit } from './tree.ts'

export type Input = {
  readonly bytes: Buffer
  readonly limits: ReadLimits
  readonly from: Sender
  /** The mutations that made it. */
  readonly recipe: string
}

/** Narrow enough for small inputs to cross them. */
const narrow: ReadLimits = { maxBytes: 1500, maxValues: 80, maxDepth: 10 }
const wide: ReadLimits = { maxBytes: 1 << 20, maxValues: 50_000, maxDepth: 64 }

const names = Object.keys(mutations)

/** Mutations that make large documents, and how seldom each is made: they are many times the work of the others. */
const heavy: Readonly<Record<string, number>> = { long: 20, pad: 4, many: 3 }

/** A document of the grammar with none to three mutations. */
export function input(r: Random): Input {
  let tree = body(r)
  const recipe: string[] = []
  for (let count = r.pick([0, 1, 1, 1, 2, 3]); count > 0; count--) {
    const name = r.pick(names)
    if (!r.oneIn(heavy[name] ?? 1)) continue
    tree = mutations[name]?.(tree, r) ?? tree
    recipe.push(name)
  }
  let bytes = Buffer.from(r.oneIn(3) ? emit(tree, r) : emit(tree))
  if (r.oneIn(6)) {
    bytes = Buffer.from(damage(bytes, r))
    recipe.push('damage')
  }
  const from = r.oneIn(3) ? 'server' : 'client'
  return {
    bytes,
    limits: recipe.includes('long') || r.oneIn(8) ? wide : narrow,
    from,
    recipe: recipe.join('+') || 'grammar',
  }
}
