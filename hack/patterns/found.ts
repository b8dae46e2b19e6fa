import { parseSync } from 'vite'

/** What a source does with regular expressions. Places are line numbers. */
export type Found = {
  readonly literals: readonly { readonly line: number; readonly source: string; readonly flags: string }[]
  /** Where a RegExp may be made of text: the constructor, by any way to it. */
  readonly made: readonly number[]
  /** Where `match`, `matchAll` or `search` is given something that is not known to be a RegExp: of a string they make one. */
  readonly implied: readonly number[]
}

type Node = { readonly type: string; readonly start: number } & Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/** All nodes below one, itself included. Types are no code. */
function* nodesIn(value: unknown, parent?: Node): Generator<readonly [Node, Node | undefined]> {
  if (Array.isArray(value)) for (const one of value) yield* nodesIn(one, parent)
  if (!isNode(value) || /^TS(?:Type|Interface)/.test(value.type)) return
  yield [value, parent]
  for (const [name, child] of Object.entries(value)) if (name !== 'parent') yield* nodesIn(child, value)
}

const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : undefined

/** The name of a member, `a.b` or `a['b']`. */
function memberOf(node: Node): string | undefined {
  if (node.type !== 'MemberExpression') return undefined
  const property = node['property'] as Node
  if (property.type === 'Literal') return String(property['value'])
  return node['computed'] === true ? undefined : nameOf(property)
}

const regexOf = (node: unknown): { readonly pattern: string; readonly flags: string } | undefined =>
  isNode(node) && node.type === 'Literal'
    ? (node['regex'] as { pattern: string; flags: string } | undefined)
    : undefined

/** A literal, or what `pattern` made. */
const isRegex = (node: unknown): boolean =>
  regexOf(node) !== undefined ||
  (isNode(node) && node.type === 'CallExpression' && nameOf(node['callee']) === 'pattern')

const searches: ReadonlySet<string | undefined> = new Set(['match', 'matchAll', 'search'])

/** `String.prototype.match.call(…)`, and the same method under another name. */
function isLent(node: Node): boolean {
  if (node.type === 'Property' && node['shorthand'] === true) return /^match(?:All)?$/.test(nameOf(node['key']) ?? '')
  const object = node['object']
  return isNode(object) && /^(?:call|apply|bind)$/.test(memberOf(node) ?? '') && searches.has(memberOf(object))
}

/** Ways to the constructor that do not call it by its name, and globs of Node, which become backtracking expressions. */
function isDetour(node: Node): boolean {
  const object = node['object']
  switch (memberOf(node) ?? '') {
    case 'RegExp':
      return /^(?:globalThis|global|window|self)$/.test(nameOf(object) ?? '')
    case 'constructor':
      return (
        isRegex(object) || (isNode(object) && (memberOf(object) === 'prototype' || object.type === 'CallExpression'))
      )
    case 'compile':
      return isRegex(object)
    case 'matchesGlob':
      return true
    default:
      return node.type === 'ImportSpecifier' && nameOf(node['imported']) === 'matchesGlob'
  }
}

/** `const { RegExp: other } = globalThis`. */
const isTaken = (node: Node, parent: Node | undefined): boolean =>
  parent?.type === 'ObjectPattern' && node.type === 'Property' && nameOf(node['key']) === 'RegExp'

/** `text.match(what)`: what; undefined for anything else. */
function searchedFor(node: Node): { readonly what: unknown } | undefined {
  const callee = node.type === 'CallExpression' ? node['callee'] : undefined
  if (!isNode(callee) || !searches.has(memberOf(callee))) return isLent(node) ? { what: undefined } : undefined
  return { what: (node['arguments'] as readonly unknown[])[0] }
}

/** `x instanceof RegExp` and `RegExp.prototype` make none. */
const isAsked = (parent: Node | undefined): boolean =>
  (parent?.type === 'BinaryExpression' && parent['operator'] === 'instanceof') ||
  (parent?.type === 'MemberExpression' && nameOf(parent['property']) === 'prototype')

/** The property of an object, the name of an import: not the thing itself. */
const isOnlyNamed = (node: Node, parent: Node | undefined): boolean =>
  (parent?.type === 'Property' && parent['key'] === node && parent['shorthand'] !== true) ||
  (parent?.type === 'MemberExpression' && parent['property'] === node)

/** Reads a source of TypeScript or JavaScript. */
export function foundIn(file: string, text: string): Found {
  const { program, errors } = parseSync(file, text)
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`)
  const nodes = [...nodesIn(program)]
  const known = new Set(
    nodes.flatMap(([node]) =>
      node.type === 'VariableDeclarator' && isRegex(node['init']) ? [nameOf(node['id'])] : [],
    ),
  )
  const lineOf = ({ start }: Node): number => text.slice(0, start).split('\n').length
  return {
    literals: nodes.flatMap(([node]) => {
      const regex = regexOf(node)
      return regex ? [{ line: lineOf(node), source: regex.pattern, flags: regex.flags }] : []
    }),
    made: nodes.flatMap(([node, parent]) =>
      (nameOf(node) === 'RegExp' && !isAsked(parent) && !isOnlyNamed(node, parent)) ||
      isDetour(node) ||
      isTaken(node, parent)
        ? [lineOf(node)]
        : [],
    ),
    implied: nodes.flatMap(([node]) => {
      const search = searchedFor(node)
      return search && !isRegex(search.what) && !known.has(nameOf(search.what)) ? [lineOf(node)] : []
    }),
  }
}
