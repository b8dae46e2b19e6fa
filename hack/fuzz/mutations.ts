import { envelopeNames, errorNames, metaNames, paramsNames, resultNames, toolNames } from '../../gateway/mcp/names.ts'
import type { Names } from '../../gateway/mcp/names.ts'
import { message } from './grammar.ts'
import type { Random } from './random.ts'
import { all, child, objectsIn } from './tree.ts'
import type { Objects, Tree } from './tree.ts'

/** Changes a document in place, or gives another one. What it makes need not be wrong: the oracles decide. */
type Mutation = (tree: Tree, r: Random) => Tree

const raw = (token: string): Tree => ({ kind: 'raw', token })

const anyObject = (tree: Tree, r: Random): Objects => {
  const objects = objectsIn(tree)
  return objects.length === 0 ? { kind: 'object', members: [] } : r.pick(objects)
}

function set(tree: Tree, name: string, value: Tree | undefined): Tree {
  const target = tree.kind === 'array' ? tree.items[0] : tree
  if (target?.kind !== 'object') return tree
  target.members = target.members.filter(member => member.name !== name)
  if (value !== undefined) target.members.push({ name, value })
  return tree
}

const duplicate: Mutation = (tree, r) => {
  const target = anyObject(tree, r)
  const member = target.members[r.below(target.members.length)]
  if (member === undefined) return tree
  const value = r.oneIn(2) ? member.value : raw(r.pick(['1', 'null', '"b"', '{}']))
  target.members.splice(r.below(target.members.length + 1), 0, { ...member, value })
  return tree
}

const lookalikes: readonly (readonly [RegExp, string])[] = [
  [/s/, 'ſ'],
  [/k/, '\u212a'],
  [/i/, 'ı'],
]

function disguise(name: string, r: Random): string {
  const [from, to] = r.pick(lookalikes)
  if (r.oneIn(2) && from.test(name)) return name.replace(from, to)
  const at = r.below(name.length)
  const letter = name[at] ?? ''
  const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()
  return name.slice(0, at) + other + name.slice(at + 1)
}

/** Where the names of the protocol stand in a message. */
function places(tree: Tree): { at: Objects; names: Names }[] {
  const found: { at: Objects; names: Names }[] = []
  const add = (at: Tree | undefined, names: Names) => at?.kind === 'object' && found.push({ at, names })
  for (const one of tree.kind === 'array' ? tree.items : [tree]) {
    const result = child(one, 'result')
    const tools = child(result, 'tools')
    add(one, envelopeNames)
    add(child(one, 'params'), paramsNames)
    add(child(child(one, 'params'), '_meta'), metaNames)
    add(result, resultNames)
    add(child(result, '_meta'), metaNames)
    add(child(one, 'error'), errorNames)
    if (tools?.kind === 'array') for (const tool of tools.items) add(tool, toolNames)
  }
  return found
}

const caseVariant: Mutation = (tree, r) => {
  const found = places(tree)
  if (found.length === 0) return tree
  const { at, names } = r.pick(found)
  const own = at.members[r.below(at.members.length)]
  const name = disguise(own !== undefined && r.oneIn(2) ? own.name : r.pick([...names]), r)
  if (own !== undefined && r.oneIn(3)) own.name = name
  else at.members.splice(r.below(at.members.length + 1), 0, { name, value: raw(r.pick(['1', '{}', '"b"'])) })
  return tree
}

const surrogate: Mutation = (tree, r) => {
  const token = r.pick([
    '"\\ud800"',
    '"a\\uDFFF"',
    '"\\udbff\\ud800x"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\\\ud800"',
    '"\\ud83dx"',
  ])
  const target = anyObject(tree, r)
  if (r.oneIn(3)) target.members.push({ name: token, value: raw('1'), raw: true })
  else target.members.push({ name: `s${r.below(9)}`, value: raw(token) })
  return tree
}

const overflow: Mutation = (tree, r) => {
  const token = r.pick(['1e400', '-1e309', '1E+999', '1.8e308', `1${'0'.repeat(309)}`, '1e308', '0e999', '1e-999'])
  const numbers = all(tree).filter(one => one.kind === 'raw')
  const target = numbers[r.below(numbers.length)]
  if (target === undefined || r.oneIn(2))
    return set(tree, 'params', { kind: 'object', members: [{ name: 'a', value: raw(token) }] })
  target.token = token
  return tree
}

const badIds = [
  'null',
  'true',
  '1.5',
  '1.0',
  '1e2',
  '1E0',
  '-0',
  '0.0',
  '{}',
  '[]',
  '[1]',
  '{"a":1}',
  '01',
  '+1',
  '1e400',
  '"\\ud800"',
]

const nest: Mutation = (tree, r) => {
  const depth = r.below(14)
  const open = r.oneIn(2) ? '[' : '{"a":'
  const close = open === '[' ? ']' : '}'
  const token = `${open.repeat(depth)}1${close.repeat(depth)}`
  return set(tree, 'params', { kind: 'object', members: [{ name: 'deep', value: raw(token) }] })
}

const many: Mutation = (tree, r) => {
  const value = r.pick(['{}', '1', '""', '[]', '{"a":1}', '":,{"'])
  const count = 60 + r.below(40)
  return set(tree, 'params', {
    kind: 'object',
    members: [{ name: 'many', value: raw(`[${Array(count).fill(value).join(',')}]`) }],
  })
}

const pad: Mutation = (tree, r) => {
  anyObject(tree, r).members.push({
    name: 'pad',
    value: { kind: 'text', text: r.pick(['x', '\n', 'é']).repeat(600 + r.below(1200)) },
  })
  return tree
}

const batch: Mutation = (tree, r) => {
  const items = Array.from({ length: r.below(5) }, () =>
    r.oneIn(6) ? raw(r.pick(['1', 'null', '[]', '{}'])) : message(r),
  )
  return { kind: 'array', items: r.oneIn(2) ? items : [tree, ...items] }
}

const long: Mutation = (_tree, r) => ({
  kind: 'array',
  items: Array<Tree>(97 + r.below(7)).fill(raw('{"jsonrpc":"2.0","method":"x"}')),
})

const some = (r: Random): Tree =>
  raw(
    r.pick([
      '1',
      '1.5',
      'null',
      '"x"',
      '[]',
      '{}',
      'true',
      '{"code":1,"message":"m"}',
      '{"code":"1"}',
      '{"code":1.5,"message":"m"}',
    ]),
  )

export const mutations: Readonly<Record<string, Mutation>> = {
  duplicate,
  caseVariant,
  surrogate,
  overflow,
  nest,
  many,
  pad,
  batch,
  long,
  id: (tree, r) => set(tree, 'id', raw(r.pick(badIds))),
  noId: tree => set(tree, 'id', undefined),
  version: (tree, r) =>
    set(tree, 'jsonrpc', r.oneIn(2) ? undefined : raw(r.pick(['2.0', '"1.0"', '"2"', 'null', '"2.0 "']))),
  method: (tree, r) => set(tree, 'method', some(r)),
  noMethod: tree => set(tree, 'method', undefined),
  params: (tree, r) => set(tree, 'params', some(r)),
  result: (tree, r) => set(tree, 'result', some(r)),
  error: (tree, r) => set(tree, 'error', some(r)),
  unknown: (tree, r) => set(tree, r.pick(['extra', 'auth', '__proto__', 'meta', '']), some(r)),
  whole: (_tree, r) => some(r),
}

/** Changes of the bytes themselves. */
export function damage(bytes: Buffer, r: Random): Buffer {
  const at = r.below(bytes.length + 1)
  const insert = (...extra: number[]) => Buffer.concat([bytes.subarray(0, at), Buffer.from(extra), bytes.subarray(at)])
  switch (r.below(7)) {
    case 0:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])
    case 1:
      return inString(bytes, r)
    case 2:
      return insert(r.pick([0xff, 0xc3, 0xed, 0x00, 0x5c, 0x22, 0x2c, 0x3a, 0x7b, 0x5d, 0x30, 0x0b, 0xa0]))
    case 3:
      return bytes.subarray(0, at)
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
    case 5:
      return Buffer.concat([bytes, Buffer.from(r.pick([' ', '\n', '{}', ']', ',', '\u0000', '//', '\ufeff']))])
    default: {
      const copy = Buffer.from(bytes)
      if (copy.length > 0) copy[r.below(copy.length)] = r.below(256)
      return copy
    }
  }
}

/** Bytes that are no UTF-8 right after some quote: where the rule is off, JSON.parse takes them for U+FFFD. */
function inString(bytes: Buffer, r: Random): Buffer {
  const at = bytes.indexOf('"', r.below(bytes.length + 1)) + 1
  const broken = r.pick([
    [0xff],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe9],
    [0xf0, 0x9f, 0x98],
  ])
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(broken), bytes.subarray(at)])
}
