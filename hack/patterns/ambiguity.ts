import { RegExpParser, visitRegExpAST, type AST } from '@eslint-community/regexpp'
import { toUnicodeSet, type ReadonlyFlags } from 'regexp-ast-analysis'

/** A place in an expression where one character is read (Glushkov, 1961). */
type Position = { readonly reads: ReturnType<typeof toUnicodeSet>['chars']; readonly follow: Map<Position, number> }

/** What may stand first and last in a part of an expression, in how many ways it may be empty (0, 1, many). */
type Part = { readonly first: Ways; readonly last: Ways; readonly empty: number }
type Ways = ReadonlyMap<Position, number>

const many = 2
const nothing: Part = { first: new Map(), last: new Map(), empty: 1 }

const sum = (left: Ways, right: Ways, times = 1): Ways => {
  const all = new Map(left)
  for (const [position, ways] of right) all.set(position, Math.min(many, (all.get(position) ?? 0) + ways * times))
  return all
}

function linked(from: Ways, to: Ways): void {
  for (const [position, ways] of from)
    for (const [next, more] of to)
      position.follow.set(next, Math.min(many, (position.follow.get(next) ?? 0) + ways * more))
}

function sequence(left: Part, right: Part): Part {
  linked(left.last, right.first)
  return {
    first: left.empty > 0 ? sum(left.first, right.first, left.empty) : left.first,
    last: right.empty > 0 ? sum(right.last, left.last, right.empty) : right.last,
    empty: Math.min(many, left.empty * right.empty),
  }
}

const either = (left: Part, right: Part): Part => ({
  first: sum(left.first, right.first),
  last: sum(left.last, right.last),
  empty: Math.min(many, left.empty + right.empty),
})

/** From so many repetitions on a bound is no help; those of a group within a group are multiplied. */
const unbounded = 16

/** How often the most repeated part of an element is repeated within it. */
function mostWithin(element: AST.Element): number {
  const stack = [{ node: element, times: 1 }]
  let most = 1
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, times } = next
    most = Math.max(most, times)
    if (node.type === 'Quantifier') stack.push({ node: node.element, times: times * Math.max(1, node.max) })
    if (node.type === 'Group' || node.type === 'CapturingGroup')
      stack.push(...node.alternatives.flatMap(({ elements }) => elements).map(inner => ({ node: inner, times })))
  }
  return most
}

class Positions {
  readonly all: Position[] = []
  readonly #flags: ReadonlyFlags

  constructor(flags: ReadonlyFlags) {
    this.#flags = flags
  }

  alternatives(all: readonly AST.Alternative[]): Part {
    return all
      .map(({ elements }) => elements.reduce<Part>((part, element) => sequence(part, this.#part(element)), nothing))
      .reduce(either)
  }

  #part(element: AST.Element): Part {
    switch (element.type) {
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass':
      case 'ExpressionCharacterClass':
        return this.#read(toUnicodeSet(element, this.#flags).chars)
      case 'Group':
      case 'CapturingGroup':
        return this.alternatives(element.alternatives)
      case 'Quantifier':
        return this.#repeated(element)
      case 'Assertion':
      case 'Backreference':
        // Assertions and references read nothing here: what is more ambiguous without them is told too often, not too rarely.
        return nothing
    }
  }

  #read(reads: Position['reads']): Part {
    const position = { reads, follow: new Map<Position, number>() }
    this.all.push(position)
    return { first: new Map([[position, 1]]), last: new Map([[position, 1]]), empty: 0 }
  }

  #repeated({ element, min, max }: AST.Quantifier): Part {
    if (max < 2 || max * mostWithin(element) < unbounded) {
      const once = (): Part => this.#part(element)
      const optional = (): Part => {
        const part = once()
        return { ...part, empty: Math.min(many, part.empty + 1) }
      }
      const copies = Array.from({ length: Math.min(max, 3) }, (_, at) => (at < min ? once() : optional()))
      return copies.reduce(sequence, nothing)
    }
    const part = this.#part(element)
    linked(part.last, part.first)
    // An engine ends a loop that reads nothing, so its emptiness adds no ways.
    return { ...part, empty: min === 0 || part.empty > 0 ? 1 : 0 }
  }
}

/** Whether some text can be read in two ways by going round from a position to itself: then n rounds are read in 2^n ways. */
function doubles(start: Position): boolean {
  const seen = new Set<string>()
  const ids = new Map<Position, number>()
  const id = (position: Position): number => {
    if (!ids.has(position)) ids.set(position, ids.size)
    return ids.get(position)!
  }
  const open: [Position, Position, boolean][] = [[start, start, false]]
  while (open.length > 0) {
    const [left, right, apart] = open.pop()!
    for (const [a, ways] of left.follow)
      for (const [b] of right.follow) {
        if (a !== b && a.reads.isDisjointWith(b.reads)) continue
        const now = apart || a !== b || ways >= many
        if (now && a === start && b === start) return true
        const state = `${id(a)} ${id(b)} ${now}`
        if (!seen.has(state)) {
          seen.add(state)
          open.push([a, b, now])
        }
      }
  }
  return false
}

/** Whether a backtracking search may take exponential time, in the expression itself or in what it looks around for. */
export function isExponential(source: string, flags: string): boolean {
  const parser = new RegExpParser()
  const modes = { unicode: flags.includes('u'), unicodeSets: flags.includes('v') }
  const tree = parser.parsePattern(source, 0, source.length, modes)
  const known = parser.parseFlags(flags)
  const bodies: (readonly AST.Alternative[])[] = [tree.alternatives]
  visitRegExpAST(tree, {
    onAssertionEnter(node) {
      if ('alternatives' in node) bodies.push(node.alternatives)
    },
  })
  return bodies.some(alternatives => {
    const positions = new Positions(known)
    positions.alternatives(alternatives)
    return positions.all.some(doubles)
  })
}
