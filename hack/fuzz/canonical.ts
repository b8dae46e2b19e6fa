import { envelopeNames, errorNames, metaNames, paramsNames, resultNames, toolNames } from '../../gateway/mcp/names.ts'
import type { Names } from '../../gateway/mcp/names.ts'
import type { Node } from './strict.ts'

/**
 * One line of ASCII that says what a parser made of a document. Two parsers agree on it if and only if they read the same: names sorted, strings
 * in UTF-16 units, numbers as spelled and marked where they exceed the parser's doubles. oracle.py and oracle.go write the same form.
 */
export type Canonical = string

/** A number with its spelling. */
class Spelled {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/**
 * The gateway's view of a document with every number as spelled. A number whose spelling does not mean the double in the view is marked.
 * @param node the same document by the strict parser; where a name stands twice, the last counts
 */
export function respelled(view: unknown, node: Node | undefined): unknown {
  if (typeof view === 'number') {
    const raw = node?.type === 'number' ? node.raw : 'none'
    return new Spelled(Object.is(Number(raw), view) ? raw : `${raw}?${view}`)
  }
  if (Array.isArray(view))
    return view.map((item, index) => respelled(item, node?.type === 'array' ? node.items[index] : undefined))
  if (typeof view !== 'object' || view === null) return view
  const values = new Map(node?.type === 'object' ? node.members.map(({ name, value }) => [name, value]) : [])
  return Object.fromEntries(Object.entries(view).map(([name, inner]) => [name, respelled(inner, values.get(name))]))
}

/**
 * The spellings of all numbers, as JSON.parse tells them (`context.source`) and as the strict parser does. Undefined if they are the same.
 * Not asked of texts with escapes: V8 loses the sources with the names that it misreads (see build.ts).
 */
export function wrongSources(text: string, node: Node): string | undefined {
  if (text.includes('\\')) return undefined
  const told: string[] = []
  JSON.parse(text, (_name, value: unknown, context?: { source?: string }) => {
    if (typeof value === 'number') told.push(context?.source ?? 'none')
    return value
  })
  const [theirs, ours] = [told.sort().join(' '), numbersIn(node).sort().join(' ')]
  return theirs === ours ? undefined : `JSON.parse tells the numbers ${theirs}, spelled are ${ours}`
}

const numbersIn = (node: Node): string[] => {
  if (node.type === 'number') return [node.raw]
  if (node.type === 'array') return node.items.flatMap(numbersIn)
  return node.type === 'object' ? node.members.flatMap(({ value }) => numbersIn(value)) : []
}

const unit = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const quotedText = (text: string): string =>
  /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : `"${text.replace(/[^ !#-[\]-~]/g, unit)}"`

export function canonical(value: unknown): Canonical {
  if (typeof value === 'string') return quotedText(value)
  if (value instanceof Spelled) return value.text
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.keys(value).map(name => `${quotedText(name)}:${canonical((value as Members)[name])}`)
  return `{${members.sort().join(',')}}`
}

type Members = Record<string, unknown>

/** How a Go server declares a message: the members that it knows, and what is known of some of them. */
export const shapes = {
  envelope: { names: [...envelopeNames], inside: { params: 'params', result: 'result', error: 'error' } },
  params: { names: [...paramsNames], inside: { _meta: 'meta' } },
  result: { names: [...resultNames], inside: { _meta: 'meta', tools: 'tool' } },
  error: { names: [...errorNames], inside: {} },
  meta: { names: [...metaNames], inside: {} },
  tool: { names: [...toolNames], inside: {} },
} as const satisfies Record<string, { names: string[]; inside: Record<string, string> }>

const sets: Record<string, Names> = {
  envelope: envelopeNames,
  params: paramsNames,
  result: resultNames,
  error: errorNames,
  meta: metaNames,
  tool: toolNames,
}

/** The known members only, by their exact names: what a server reads into its structs if it agrees with the gateway. */
export function known(value: unknown, shape: keyof typeof shapes = 'envelope'): Canonical {
  if (Array.isArray(value)) return `[${value.map(item => known(item, shape)).join(',')}]`
  if (typeof value !== 'object' || value === null || value instanceof Spelled) return canonical(value)
  const inside: Readonly<Record<string, keyof typeof shapes>> = shapes[shape].inside
  const members: string[] = []
  for (const [name, inner] of Object.entries(value)) {
    if (!sets[shape]?.has(name)) continue
    const next = Object.hasOwn(inside, name) ? inside[name] : undefined
    members.push(`${quotedText(name)}:${next === undefined ? canonical(inner) : known(inner, next)}`)
  }
  return `{${members.sort().join(',')}}`
}
