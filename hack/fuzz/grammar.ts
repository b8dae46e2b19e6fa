import type { Random } from './random.ts'
import { treeOf } from './tree.ts'
import type { Tree } from './tree.ts'

const words = [
  'a',
  'name',
  'id',
  'Name',
  'x y',
  'é',
  '日本',
  '\u2028',
  '"',
  '\\',
  '/',
  '\u0000',
  '😀',
  '__proto__',
  'constructor',
  '0',
  '',
  'ſ',
  'text',
]
const numbers = [
  '0',
  '-0',
  '1',
  '-7',
  '42',
  '1.5',
  '1e2',
  '9007199254740993',
  '-9007199254740992',
  '1E-7',
  '1.7976931348623157e308',
  '5e-324',
  '1e-400',
]
const methods = [
  'tools/call',
  'tools/list',
  'initialize',
  'ping',
  'resources/read',
  'prompts/get',
  'server/discover',
  'notifications/cancelled',
  'é',
]
const prefix = 'io.modelcontextprotocol/'

/** Any JSON value, `depth` deep at most. */
function anything(r: Random, depth: number): Tree {
  const kind = r.below(depth > 0 ? 8 : 5)
  if (kind < 2) return { kind: 'text', text: r.pick(words) + (r.oneIn(4) ? r.pick(words) : '') }
  if (kind === 2) return { kind: 'raw', token: r.pick(numbers) }
  if (kind < 5) return { kind: 'raw', token: r.pick(['true', 'false', 'null']) }
  if (kind === 5) return { kind: 'array', items: times(r, 3, () => anything(r, depth - 1)) }
  return anyObject(r, depth)
}

const times = <T>(r: Random, most: number, make: () => T): T[] => Array.from({ length: r.below(most + 1) }, make)

function anyObject(r: Random, depth: number): Tree {
  const names = new Set(times(r, 3, () => r.pick(words) + r.pick(['', '', '1'])))
  return { kind: 'object', members: [...names].map(name => ({ name, value: anything(r, depth - 1) })) }
}

const goodIds = [
  '0',
  '7',
  '-1',
  '9007199254740993',
  '123456789012345678901234567890',
  '"a"',
  '""',
  '"7"',
  '"\\u0061"',
  '"é"',
  '"a\\/b"',
]

const id = (r: Random): Tree => ({ kind: 'raw', token: r.pick(goodIds) })

const object = (members: readonly (readonly [string, Tree] | false)[]): Tree => ({
  kind: 'object',
  members: members.filter(one => one !== false).map(([name, value]) => ({ name, value })),
})

const text = (value: string): Tree => ({ kind: 'text', text: value })
const version = ['jsonrpc', text('2.0')] as const

function meta(r: Random): Tree {
  return object([
    !r.oneIn(3) && [`${prefix}protocolVersion`, text('2026-07-28')],
    !r.oneIn(3) && [`${prefix}clientCapabilities`, anyObject(r, 1)],
    r.oneIn(2) && ['progressToken', anything(r, 0)],
    r.oneIn(3) && ['traceparent', text('00-1')],
    r.oneIn(4) && ['com.example/x', anything(r, 1)],
  ])
}

function params(r: Random): Tree {
  return object([
    !r.oneIn(3) && ['name', text(r.pick(words))],
    r.oneIn(2) && ['arguments', anyObject(r, 3)],
    r.oneIn(4) && ['uri', text('file:///x')],
    r.oneIn(2) && ['_meta', meta(r)],
    r.oneIn(5) && ['extra', anything(r, 1)],
  ])
}

function call(r: Random): Tree {
  const members: (readonly [string, Tree] | false)[] = [
    version,
    !r.oneIn(4) && ['id', id(r)],
    ['method', text(r.pick(methods))],
  ]
  if (!r.oneIn(4)) members.push(['params', params(r)])
  // Order is free in JSON, and readers that stop early depend on it.
  return object(r.oneIn(3) ? members.toReversed() : members)
}

function tool(r: Random): Tree {
  return object([
    ['name', text(r.pick(words))],
    r.oneIn(2) && ['description', text(r.pick(words))],
    ['inputSchema', anyObject(r, 2)],
  ])
}

function result(r: Random): Tree {
  return object([
    r.oneIn(2) && ['content', { kind: 'array', items: times(r, 2, () => anyObject(r, 1)) }],
    r.oneIn(3) && ['tools', { kind: 'array', items: times(r, 3, () => tool(r)) }],
    r.oneIn(3) && ['structuredContent', anyObject(r, 2)],
    r.oneIn(4) && ['nextCursor', text('c')],
    r.oneIn(3) && ['_meta', meta(r)],
    r.oneIn(5) && ['other', anything(r, 1)],
  ])
}

function response(r: Random): Tree {
  if (r.oneIn(3)) {
    const error = object([
      ['code', treeOf(-32600)],
      ['message', text(r.pick(words))],
      r.oneIn(2) && ['data', anything(r, 2)],
    ])
    return object([version, ['id', id(r)], ['error', error]])
  }
  return object([version, ['id', id(r)], ['result', result(r)]])
}

export const message = (r: Random): Tree => (r.oneIn(3) ? response(r) : call(r))

/** A message, seldom a batch of some. */
export function body(r: Random): Tree {
  return r.oneIn(20) ? { kind: 'array', items: [message(r), ...times(r, 3, () => message(r))] } : message(r)
}
