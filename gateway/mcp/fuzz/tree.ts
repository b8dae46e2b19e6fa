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

export function emit(tree: Tree, r: Random): string {
  switch (tree.kind) {
    case 'raw':
      return tree.token
    case 'text':
      return spellString(tree.text, r)
    case 'array':
      return `[${gap(r)}${tree.items.map(item => emit(item, r)).join(`${gap(r)},${gap(r)}`)}${gap(r)}]`
    case 'object': {
      const members = tree.members.map(member => {
        const name = member.raw ? member.name : spellString(member.name, r)
        return `${name}${gap(r)}:${gap(r)}${emit(member.value, r)}`
      })
      return `{${gap(r)}${members.join(`${gap(r)},${gap(r)}`)}${gap(r)}}`
    }
  }
}

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
