import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { errors } from '../errors.ts'
import type { Denial, Message } from '../exchange.ts'
import { eraOf } from './era.ts'
import { checkHeaders, decodeHeader } from './headers.ts'
import type { ParamHeader } from './headers.ts'
import { readBody } from './message.ts'

const limits = { maxBytes: 1 << 20, maxValues: 50_000, maxDepth: 64 }
const prefix = 'io.modelcontextprotocol/'
const meta = { [`${prefix}protocolVersion`]: '2026-07-28', [`${prefix}clientCapabilities`]: {} }

function read(body: unknown): Message {
  const answer = readBody(Buffer.from(JSON.stringify(body)), limits)
  if (!('message' in answer)) throw new Error(JSON.stringify(answer))
  return answer.message
}

const call = (method: string, params: object, version = '2026-07-28') =>
  read({
    jsonrpc: '2.0',
    id: 1,
    method,
    params: { ...params, _meta: { ...meta, [`${prefix}protocolVersion`]: version } },
  })

const standard = (method: string, name?: string) => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': method,
  ...(name !== undefined && { 'mcp-name': name }),
})

const detail = (denial: Denial | undefined) => denial?.detail
const encoded = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`

test('headers that repeat the body pass', () => {
  const pairs = [
    ['tools/call', 'name'],
    ['prompts/get', 'name'],
    ['resources/read', 'uri'],
    ['tasks/get', 'taskId'],
    ['tasks/update', 'taskId'],
    ['tasks/cancel', 'taskId'],
  ] as const
  for (const [method, member] of pairs) {
    expect(checkHeaders(call(method, { [member]: 'é x' }), standard(method, encoded('é x')))).toBeUndefined()
    expect(detail(checkHeaders(call(method, { [member]: 'a' }), standard(method, 'b')))).toBe(
      `Mcp-Name differs from params.${member}`,
    )
    expect(detail(checkHeaders(call(method, { [member]: 'a' }), standard(method)))).toBe('Mcp-Name is missing')
  }
})

test('each missing or differing header is refused with -32020 and the id', () => {
  const message = call('tools/list', {})
  expect(checkHeaders(message, {})).toEqual({
    stage: 'headers',
    code: 'HeaderMismatch',
    detail: 'MCP-Protocol-Version is missing',
    id: '1',
  })
  expect(detail(checkHeaders(message, { 'mcp-protocol-version': '2026-07-28' }))).toBe('Mcp-Method is missing')
  expect(detail(checkHeaders(message, standard('tools/call')))).toBe('Mcp-Method differs from the body')
  expect(detail(checkHeaders(message, standard('Tools/list')))).toBe('Mcp-Method differs from the body')
  expect(checkHeaders(message, standard(' \ttools/list '))).toBeUndefined()
  expect(detail(checkHeaders(message, { ...standard(''), 'mcp-method': ['tools/list', 'tools/call'] }))).toBe(
    'Mcp-Method differs from the body',
  )
})

test('a revision that is not ours is asked for no headers, only that they do not lie', () => {
  const message = call('tools/call', { name: 'a' }, '2027-01-01')
  expect(checkHeaders(message, {})).toBeUndefined()
  expect(detail(checkHeaders(message, { 'mcp-method': 'tools/list' }))).toBe('Mcp-Method differs from the body')
})

test('header values are decoded strictly', () => {
  expect(decodeHeader('plain')).toBe('plain')
  expect(decodeHeader(encoded('日本 '))).toBe('日本 ')
  expect(decodeHeader('=?base64??=')).toBe('')
  expect(decodeHeader('=?BASE64?YQ==?=')).toBe('=?BASE64?YQ==?=')
  const bad = ['=?base64?YQ?=', '=?base64?Y Q==?=', '=?base64?YQ=?=', '=?base64?_w==?=', '=?base64?/w==?=']
  expect(bad.filter(value => decodeHeader(value) !== undefined)).toEqual([])
})

test('any text survives being encoded, and any bytes are decoded or refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), text => decodeHeader(encoded(text)) === text))
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), text => {
      const value = decodeHeader(`=?base64?${text}?=`)
      expect(value === undefined || encoded(value) === `=?base64?${text}?=`).toBe(true)
    }),
  )
})

test('no header value whatever makes the check fail instead of answer', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.string()),
    fc.constant(undefined),
    fc.string().map(text => `=?base64?${text}?=`),
  )
  const names = ['mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-param-region', 'mcp-param-count']
  const message = call('tools/call', { name: 'annotated', arguments: { region: 'eu', count: 1 } })
  fc.assert(
    fc.property(fc.record(Object.fromEntries(names.map(name => [name, value]))), headers => {
      expect([undefined, 'HeaderMismatch']).toContain(checkHeaders(message, headers, known)?.code)
      expect(['HeaderMismatch', 'era']).toContain(answered(eraOf(message, String(headers['mcp-protocol-version']))))
    }),
    { numRuns: 2000 },
  )
})

const answered = (answer: ReturnType<typeof eraOf>) => ('era' in answer ? 'era' : answer.code)

const inputSchema = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    deep: { type: 'object', properties: { flag: { type: 'boolean', 'x-mcp-header': 'Flag' } } },
  },
} as const
const known: ReadonlyMap<string, readonly ParamHeader[]> = new Map([
  [
    'annotated',
    [
      { header: 'Region', path: ['region'], integer: false },
      { header: 'Count', path: ['count'], integer: true },
      { header: 'Flag', path: ['deep', 'flag'], integer: false },
    ],
  ],
])

test('arguments that are headers too are compared, those of unknown tools are not', () => {
  const message = call('tools/call', { name: 'annotated', arguments: { count: 42, region: 'é', deep: { flag: true } } })
  const headers = {
    ...standard('tools/call', 'annotated'),
    'mcp-param-region': encoded('é'),
    'mcp-param-count': '42.0',
    'mcp-param-flag': 'true',
  }
  expect(checkHeaders(message, headers, known)).toBeUndefined()
  expect(detail(checkHeaders(message, { ...headers, 'mcp-param-flag': 'false' }, known))).toBe(
    'Mcp-Param-Flag differs from the argument',
  )
  expect(detail(checkHeaders(message, { ...headers, 'mcp-param-count': undefined }, known))).toBe(
    'Mcp-Param-Count is missing',
  )
  expect(detail(checkHeaders(message, { ...headers, 'mcp-param-region': '=?base64?x?=' }, known))).toBe(
    'Mcp-Param-Region is badly encoded',
  )
  expect(checkHeaders(message, standard('tools/call', 'annotated'), new Map())).toBeUndefined()
  expect(
    checkHeaders(
      call('tools/call', { name: 'annotated', arguments: { region: null } }),
      standard('tools/call', 'annotated'),
      known,
    ),
  ).toBeUndefined()
})

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'oracle', version: '1' })
  server.registerTool('annotated', { inputSchema: fromJsonSchema(inputSchema) }, () => ({ content: [] }))
  server.registerTool('plain', {}, () => ({ content: [] }))
  return server
})

async function theirs(
  body: unknown,
  headers: Record<string, string>,
): Promise<{ http: number; rpc: number | undefined }> {
  const request = new Request('http://localhost/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify(body),
  })
  const response = await handler.fetch(request)
  const text = await response.text()
  const [, code] = /"code":(-?\d+)/.exec(text) ?? []
  return { http: response.status, rpc: code === undefined ? undefined : Number(code) }
}

const names = fc.constantFrom(
  'annotated',
  'plain',
  'Plain',
  'é',
  encoded('annotated'),
  encoded('é'),
  '=?base64?x?=',
  ' plain',
  '',
)
const headerNames = names.filter(name => !name.includes('é'))
const versions = fc.constantFrom('2026-07-28', '2026-07-28', '2026-07-28', '2027-01-01', '2025-11-25')
const values = fc.constantFrom('eu', '42', '42.0', 'true', encoded('eu'), '=?base64?!?=', 'x')
const requests = fc.record({
  method: fc.constantFrom('tools/call', 'tools/call', 'tools/list', 'resources/read', 'tasks/get'),
  version: versions,
  params: fc.record(
    {
      name: names,
      uri: names,
      taskId: names,
      arguments: fc.record(
        {
          region: fc.constantFrom('eu', 'us', null),
          count: fc.constantFrom(42, 7, 2 ** 53),
          deep: fc.record({ flag: fc.boolean() }),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  ),
})
const headerSets = fc.record(
  {
    'mcp-protocol-version': versions,
    'mcp-method': fc.constantFrom('tools/call', 'tools/call', 'tools/list', 'resources/read', 'tasks/get'),
    'mcp-name': headerNames,
    'mcp-param-region': values,
    'mcp-param-count': values,
    'mcp-param-flag': values,
  },
  { requiredKeys: [] },
)

test('a request that is refused for its headers is refused by an SDK server with the same status and code, and no other', async () => {
  let refused = 0
  await fc.assert(
    fc.asyncProperty(requests, headerSets, async ({ method, version, params }, headers) => {
      const body = {
        jsonrpc: '2.0',
        id: 1,
        method,
        params: { ...params, _meta: { ...meta, [`${prefix}protocolVersion`]: version } },
      }
      const message = read(body)
      const era = eraOf(message, headers['mcp-protocol-version'])
      const denial = 'era' in era ? checkHeaders(message, headers, known) : era
      const answer = await theirs(body, headers)
      const ours = denial && errors[denial.code]
      if (ours !== undefined) refused++
      const agreed =
        ours === undefined
          ? answer.rpc !== errors.HeaderMismatch.rpc
          : ours.http === answer.http && ours.rpc === answer.rpc
      expect({ agreed, ours, answer }).toMatchObject({ agreed: true })
    }),
    { numRuns: 3000 },
  )
  expect(refused).toBeGreaterThan(500)
})
