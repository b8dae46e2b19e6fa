import type { Random } from './random.ts'
import { gap, spellString } from './spell.ts'

/** A JSON document that may be spelled in ways JavaScript values cannot hold: names twice, tokens that are none. */
export type Tree =
  | { kind: 'object'; members: Member[] }
  | { kind: 'array'; items: Tree[] }
  | { kind: 'text'; text: string }
  /** Written as it is: numbers, literals, broken tokens. */
  | { kind: 'raw'; token: string }

/** `raw`: the name is a token, quotes included. */
export type Member = { name: string; value: Tree; raw?: true }

export type Objects = Extract<Tree, { kind: 'object' }>

export function treeOf(value: unknown): Tree {
  if (typeof value === 'string') return { kind: 'text', text: value }
  if (Array.isArray(value)) return { kind: 'array', items: value.map(treeOf) }
  if (typeof value !== 'object' || value === null) return { kind: 'raw', token: JSON.stringify(value) }
  return { kind: 'object', members: Object.entries(value).map(([name, inner]) => ({ name, value: treeOf(inner) })) }
}

/** @param r how to spell it; without, names and strings have only the escapes that they need, and there is no white space */
export function emit(tree: Tree, r?: Random): string {
  const g = () => (r === undefined ? '' : gap(r))
  switch (tree.kind) {
    case 'raw':
      return tree.token
    case 'text':
      return string(tree.text, r)
    case 'array':
      return `[${g()}${tree.items.map(item => emit(item, r)).join(`${g()},${g()}`)}${g()}]`
    case 'object': {
      const members = tree.members.map(member => {
        const name = member.raw ? member.name : string(member.name, r)
        return `${name}${g()}:${g()}${emit(member.value, r)}`
      })
      return `{${g()}${members.join(`${g()},${g()}`)}${g()}}`
    }
  }
}

const string = (text: string, r?: Random): string => (r === undefined ? JSON.stringify(text) : spellString(text, r))

/** Every tree within `tree`, itself first. */
export function all(tree: Tree): Tree[] {
  if (tree.kind === 'array') return [tree, ...tree.items.flatMap(all)]
  if (tree.kind === 'object') return [tree, ...tree.members.flatMap(member => all(member.value))]
  return [tree]
}

export const objectsIn = (tree: Tree): Objects[] => all(tree).filter(one => one.kind === 'object')

export function child(tree: Tree | undefined, name: string): Tree | undefined {
  return tree?.kind === 'object' ? tree.members.find(member => member.name === name)?.value : undefined
}
