import { classifyInboundRequest } from '@modelcontextprotocol/server'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { errors } from '../errors.ts'
import type { Message } from '../exchange.ts'
import { eraOf } from './era.ts'
import { checkHeaders } from './headers.ts'
import { readBody } from './message.ts'

const limits = { maxBytes: 1 << 20, maxValues: 50_000, maxDepth: 64 }
const prefix = 'io.modelcontextprotocol/'

function read(body: unknown): Message {
  const answer = readBody(Buffer.from(JSON.stringify(body)), limits)
  if (!('message' in answer)) throw new Error(JSON.stringify(answer))
  return answer.message
}

const era = (body: object, header?: string) => {
  const answer = eraOf(read({ jsonrpc: '2.0', ...body }), header)
  return 'era' in answer ? answer.era : answer.code
}

const meta = { [`${prefix}protocolVersion`]: '2026-07-28', [`${prefix}clientCapabilities`]: {} }

test('the body decides the era', () => {
  expect(era({ id: 1, method: 'tools/list', params: { _meta: meta } })).toBe('modern')
  expect(era({ id: 1, method: 'tools/list', params: { _meta: meta } }, '2026-07-28')).toBe('modern')
  expect(era({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } })).toBe('legacy')
  expect(era({ id: 1, method: 'tools/list' })).toBe('legacy')
  expect(era({ id: 1, method: 'tools/list', params: {} }, '2025-06-18')).toBe('legacy')
  expect(era({ id: 1, result: {} }, '2026-07-28')).toBe('legacy')
})

test('a modern header without the claim in the body is a malformed modern request, never a legacy one', () => {
  expect(era({ id: 1, method: 'tools/list' }, '2026-07-28')).toBe('InvalidParams')
  expect(era({ id: 1, method: 'tools/list', params: { _meta: {} } }, ' 2026-07-28\t')).toBe('InvalidParams')
  expect(era({ id: 1, method: 'initialize' }, '2026-07-28')).toBe('HeaderMismatch')
})

test('a claim that is malformed is refused', () => {
  const { [`${prefix}clientCapabilities`]: _none, ...bare } = meta
  expect(era({ id: 1, method: 'x', params: { _meta: bare } })).toBe('InvalidParams')
  expect(era({ id: 1, method: 'x', params: { _meta: { ...meta, [`${prefix}protocolVersion`]: 1 } } })).toBe(
    'InvalidParams',
  )
  expect(era({ method: 'x', params: { _meta: { [`${prefix}protocolVersion`]: 1 } } })).toBe('InvalidParams')
  expect(era({ id: 1, method: 'x', params: { _meta: meta } }, '2025-11-25')).toBe('HeaderMismatch')
})

test('a denial carries the id as it was spelled', () => {
  const answer = eraOf(read({ jsonrpc: '2.0', id: '7', method: 'x' }), '2026-07-28')
  expect(answer).toMatchObject({ stage: 'era', id: '"7"' })
})

const versions = fc.constantFrom(
  '2026-07-28',
  '2026-07-28',
  '2025-11-25',
  '2025-06-18',
  '2027-01-01',
  'x',
  '',
  'A 2026-07-28',
)
const rarely = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 1 })
const metas = fc.record(
  {
    [`${prefix}protocolVersion`]: fc.oneof({ weight: 8, arbitrary: versions }, fc.constantFrom(1, null, {})),
    [`${prefix}clientCapabilities`]: fc.oneof({ weight: 8, arbitrary: fc.constant({}) }, fc.constantFrom(null, 'x', 5)),
    [`${prefix}clientInfo`]: fc.oneof(
      { weight: 4, arbitrary: fc.constant({ name: 'a', version: '1' }) },
      fc.constantFrom({ name: 'a' }, { name: 1, version: '1' }, null, 'x'),
    ),
    [`${prefix}logLevel`]: fc.constantFrom('debug', 'error', 'loud', 5),
    progressToken: fc.constantFrom('a', 1, 1.5, true),
  },
  { requiredKeys: [] },
)
const params = fc.record(
  { _meta: fc.oneof({ weight: 6, arbitrary: metas }, fc.constantFrom({}, meta)), name: fc.constantFrom('a', 'b', 5) },
  { requiredKeys: [] },
)
const methods = fc.constantFrom(
  'initialize',
  'tools/call',
  'tools/list',
  'resources/read',
  'constructor',
  'notifications/cancelled',
)
const bodies = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ id: fc.constant(1), method: methods, params }, { requiredKeys: ['id', 'method'] }),
  },
  { weight: 3, arbitrary: fc.record({ method: methods, params }, { requiredKeys: ['method'] }) },
  { weight: 1, arbitrary: fc.constantFrom({ id: 1, result: {} }, { id: 1, error: { code: 1, message: 'x' } }) },
)

test('any body under any headers is classified as the SDK classifies it', () => {
  fc.assert(
    fc.property(bodies, rarely(versions), rarely(methods), (rest, version, method) => {
      const body = { jsonrpc: '2.0', ...rest }
      const theirs = classifyInboundRequest({
        httpMethod: 'POST',
        body,
        ...(version !== undefined && { protocolVersionHeader: version }),
        ...(method !== undefined && { mcpMethodHeader: method }),
      })
      // A progressToken that is none makes the whole message invalid to the SDK; that answer is left to the server.
      fc.pre(theirs.kind !== 'reject' || theirs.rung !== 'jsonrpc-shape')
      const message = read(body)
      const ours = eraOf(message, version)
      const denial = 'era' in ours ? checkHeaders(message, { 'mcp-method': method }) : ours
      const row = denial && errors[denial.code]
      const answers =
        theirs.kind === 'reject'
          ? { ours: { http: row?.http, rpc: row?.rpc }, theirs: { http: theirs.httpStatus, rpc: theirs.code } }
          : { ours, theirs: { era: theirs.kind } }
      expect(answers.ours).toEqual(answers.theirs)
    }),
    { numRuns: 8000 },
  )
})
