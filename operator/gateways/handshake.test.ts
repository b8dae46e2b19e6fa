import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { testConfig } from '../../e2e/wire/gateway.ts'
import { podServer, startPod, type Pod } from '../../e2e/wire/pod.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'
import { operatorToken } from '../../gateway/config/guard.ts'
import { operatorFlags } from '../../hack/flags.ts'
import { listing, pour } from '../../hack/testing/tool-list-server.ts'
import { handshake, type HandshakeOptions } from './handshake.ts'
import type { Handshake } from '../translate/index.ts'

const { signal } = new AbortController()
const program = join(import.meta.dirname, '../../hack/operator/handshakes.ts')
const tool = (name: string, more: object = {}): object => ({ name, inputSchema: { type: 'object' }, ...more })
const mebibyte = 1024 * 1024

/** Handshakes in a process that has as much memory as the operator is deployed with. It ends with an error when that is not enough. */
async function inOperator(shakes: readonly HandshakeOptions[]): Promise<{ results: Handshake[]; parsed: number }> {
  const args = [...operatorFlags(), program, JSON.stringify(shakes)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 16 * mebibyte })
  return JSON.parse(stdout) as { results: Handshake[]; parsed: number }
}

const at = (url: string, more: Partial<HandshakeOptions> = {}): HandshakeOptions => {
  const { hostname, port } = new URL(url)
  const address = { ip: hostname, port: Number(port), host: hostname, certificates: [] }
  return { address, server: 'one', token: 'none', hash: 'h', ...more }
}

let upstream: ScriptedUpstream
beforeAll(async () => {
  upstream = await scriptedUpstream()
})
afterAll(() => upstream.stop())

describe('through a real gateway, with the memory of the operator', () => {
  const guard = randomBytes(32)
  let pod: Pod
  beforeAll(async () => {
    const config = { 'gateway.json': JSON.stringify(testConfig([podServer(upstream.url)], { hosts: ['127.0.0.1'] })) }
    const keys = { 'keys.json': JSON.stringify({ schema: 1, keys: [] }) }
    pod = await startPod({ name: 'hostile-list', config: { ...config, ...keys }, guards: [guard] })
  })
  afterAll(() => pod.stop())
  const there = (): HandshakeOptions => at(pod.url, { token: operatorToken(guard) })

  test('a list of hundred pages of 3 MiB is left where it is beyond what is read, and the gateway goes on', async () => {
    const filler = 'x'.repeat(3 * mebibyte)
    upstream.respond = listing(({ cursor = '0', json }) =>
      json({ tools: [tool(`t${cursor}`, { description: filler })], nextCursor: String(Number(cursor) + 1) }),
    )
    const { results } = await inOperator(Array.from({ length: 4 }, there))
    for (const result of results) expect(result).toMatchObject({ ok: true, shortfall: { reason: 'ListTooLong' } })
    expect(await pod.report()).toMatchObject({ report: { phase: 'serving' } })
  })

  test('so is one in small pages without an end, and what was read of it counts', async () => {
    const filler = 'x'.repeat(mebibyte / 8)
    upstream.respond = listing(({ cursor = '0', json }) =>
      json({ tools: [tool(`t${cursor}`, { description: filler })], nextCursor: String(Number(cursor) + 1) }),
    )
    const { results } = await inOperator([there()])
    expect(results[0]).toMatchObject({ ok: true, shortfall: { reason: 'ListTooLong' } })
    expect(results[0]).toHaveProperty('tools.length', 15)
  })

  test.each([
    ['more bytes', 'ListTooLong', { description: 'x'.repeat(8 * mebibyte) }],
    ['more values', 'ListUnreadable', { more: Array.from({ length: 60_000 }, () => 0) }],
  ])(
    'a page of %s than a gateway hands out is withheld by it, and the handshake has worked',
    async (_, reason, more) => {
      upstream.respond = listing(({ json }) => json({ tools: [tool('large', more)], nextCursor: 'more' }))
      const { results } = await inOperator(Array.from({ length: 4 }, there))
      for (const result of results) expect(result).toMatchObject({ ok: true, tools: [], shortfall: { reason } })
      expect(await pod.report()).toMatchObject({ report: { phase: 'serving' } })
    },
  )

  test('four streams in small chunks are parsed once each, and not again for each chunk', async () => {
    const event = `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x'.repeat(400) } })}\n\n`
    upstream.respond = listing(({ res, id }) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      let left = 3000
      pour(res, () => {
        if (--left > 0) return event
        if (left < 0) return undefined
        return `data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { tools: [tool('last')] } })}\n\n`
      })
    })
    const { results, parsed } = await inOperator(Array.from({ length: 4 }, there))
    for (const result of results) expect(result).toMatchObject({ ok: true, tools: ['last'] })
    expect(parsed).toBeLessThan(4 * 2 * mebibyte)
  })
})

describe('with whoever answers in the place of a gateway', () => {
  const performed = (more: Partial<HandshakeOptions> = {}): Promise<Handshake> =>
    handshake(at(upstream.url, more), signal)
  afterEach(() => {
    upstream.respond = listing(({ json }) => json({ tools: [] }))
  })

  test('a body in single bytes that never ends costs no more than what is read of it', async () => {
    const piece = Buffer.from('x')
    upstream.respond = listing(({ res }) => {
      res.writeHead(200, { 'content-type': 'application/json' })
      pour(res, () => {
        for (let i = 0; i < 2000; i++) res.write(piece)
        return piece
      })
    })
    const { results } = await inOperator([at(upstream.url)])
    expect(results[0]).toMatchObject({ ok: true, shortfall: { reason: 'ListTooLong' } })
  })

  test('an event that never ends is read to the bound, too', async () => {
    upstream.respond = listing(({ res }) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      pour(res, () => 'data: \n'.repeat(500))
    })
    const { results } = await inOperator(Array.from({ length: 4 }, () => at(upstream.url)))
    for (const result of results) expect(result).toMatchObject({ ok: true, shortfall: { reason: 'ListTooLong' } })
  })

  test('millions of empty values in 2 MiB are not read', async () => {
    const body = `[${'{},'.repeat(600_000)}{}]`
    upstream.respond = listing(({ id, res }) => {
      res.writeHead(200, { 'content-type': 'application/json' })
      res.end(`{"jsonrpc":"2.0","id":${id},"result":{"tools":[{"name":"wide","more":${body}}]}}`)
    })
    const { results } = await inOperator(Array.from({ length: 8 }, () => at(upstream.url)))
    for (const result of results)
      expect(result).toMatchObject({ ok: true, tools: [], shortfall: { reason: 'ListUnreadable' } })
  })

  test.each([
    ['opening', `[${'[],'.repeat(600_000)}[]]`, 6, { ok: false, message: 'the answer has more than 100000 values' }],
    ['opening', `[${'{"9999999":0},'.repeat(49_000)}{}]`, 24, { ok: true, shortfall: { reason: 'ListTooSlow' } }],
    [
      'page',
      `[${'{"9999999":0},'.repeat(49_000)}{}]`,
      24,
      { ok: true, tools: ['first'], shortfall: { reason: 'ListTooSlow' } },
    ],
  ])(
    'what is large in memory is let go while the rest is waited for: %s (%#)',
    async (where, body, count, expected) => {
      upstream.respond = ({ body: asked }, res) => {
        const { id, method, params } = JSON.parse(asked.toString()) as {
          id: number
          method: string
          params: { cursor?: string }
        }
        const isList = method === 'tools/list'
        res.writeHead(200, { 'content-type': isList ? 'text/event-stream' : 'application/json' })
        const result = { capabilities: { tools: {} }, ...(where === 'opening' && { more: 'more' }) }
        const page = { tools: [{ name: 'first', ...(where === 'page' && { more: 'more' }) }], nextCursor: 'next' }
        const text = JSON.stringify({ jsonrpc: '2.0', id, result: isList ? page : result }).replace(
          ':"more"',
          `:${body}`,
        )
        if (!isList) res.end(text)
        else if (where === 'page' && params.cursor === undefined) res.end(`data: ${text}\n\n`)
        else res.write(': wait\n')
      }
      const { results } = await inOperator(Array.from({ length: count }, () => at(upstream.url, { patience: 8000 })))
      for (const result of results) expect(result).toMatchObject(expected)
    },
  )

  test('a definition that is nested ninety thousand levels deep is a tool like any other', async () => {
    const deep = `${'['.repeat(90_000)}${']'.repeat(90_000)}`
    upstream.respond = listing(({ id, res }) => {
      res.writeHead(200, { 'content-type': 'application/json' })
      res.end(`{"jsonrpc":"2.0","id":${id},"result":{"tools":[{"name":"deep","more":${deep}}]}}`)
    })
    expect(await performed()).toMatchObject({ ok: true, tools: ['deep'] })
  })

  test('more tools than are counted are not counted', async () => {
    upstream.respond = listing(({ json }) => json({ tools: Array.from({ length: 1001 }, (_, i) => tool(`t${i}`)) }))
    const result = await performed()
    expect(result).toMatchObject({ ok: true, shortfall: { reason: 'TooManyTools' } })
    expect(result).toHaveProperty('tools.length', 1000)
    upstream.respond = listing(({ json }) => json({ tools: Array.from({ length: 1000 }, (_, i) => tool(`t${i}`)) }))
    expect(await performed()).not.toHaveProperty('shortfall')
  })

  test.each([
    ['is the one before', 'ListTooLong', (page: number) => `p${page}`],
    ['comes again', 'CursorRepeated', (page: number) => `p${page % 3}`],
    ['is too long', 'ListUnreadable', () => 'x'.repeat(5000)],
    ['is no text', 'ListUnreadable', () => 7],
  ])('pages without an end, whose cursor %s, end here', async (_, reason, next) => {
    let page = 0
    upstream.respond = listing(({ json }) => json({ tools: [tool(`t${page}`)], nextCursor: next(page++) }))
    expect(await performed()).toMatchObject({ ok: true, shortfall: { reason } })
    expect(page).toBeLessThanOrEqual(100)
  })

  test('a list that does not come to its end in time is one that was not read', async () => {
    upstream.respond = listing(({ res }) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.write(': wait\n')
    })
    expect(await performed({ patience: 300 })).toMatchObject({ ok: true, shortfall: { reason: 'ListTooSlow' } })
  })

  test('a server that says nothing at all has failed', async () => {
    upstream.respond = () => undefined
    expect(await performed({ patience: 300 })).toEqual({
      ok: false,
      reason: 'Unreachable',
      message: 'no answer within 0.3 s',
    })
  })

  test('what it says before the list is bounded as well', async () => {
    upstream.respond = listing(({ json }) => json({ tools: [] }), { instructions: 'x'.repeat(3 * mebibyte) })
    expect(await performed()).toMatchObject({ ok: false, message: 'the answer is longer than 2097152 bytes' })
  })

  test.each([
    ['a revision that no header can carry', { protocolVersion: '2025\r\nx: y' }, {}],
    ['a revision of great length', { protocolVersion: '2'.repeat(100) }, {}],
    ['an id of a session that is none', {}, { 'mcp-session-id': 'two words' }],
    ['an id of a session of great length', {}, { 'mcp-session-id': 'x'.repeat(5000) }],
  ])('%s is no handshake', async (_, opened, headers) => {
    upstream.respond = listing(({ json }) => json({ tools: [] }), opened, headers)
    expect(await performed()).toMatchObject({ ok: false, reason: 'ServerFailed' })
  })

  test('members of other types than they should be are passed over', async () => {
    upstream.respond = listing(({ json }) => json({ tools: [tool('a'), null, 3, { name: 7 }, tool('a')] }), {
      serverInfo: { name: 7, version: ['x'] },
    })
    expect(await performed()).toMatchObject({ ok: true, tools: ['a'], serverInfo: { name: '', version: '' } })
    upstream.respond = ({ body }, res) => {
      const { id } = JSON.parse(body.toString()) as { id: number }
      res.writeHead(400, { 'content-type': 'application/json' })
      res.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: 'x', message: { no: 'text' } } }))
    }
    expect(await performed()).toMatchObject({ ok: false, message: 'HTTP 400: the answer is no MCP message' })
  })

  test('the inventory changes with a definition, and not with the order of tools or members', async () => {
    const inventory = async (...tools: object[]): Promise<unknown> => {
      upstream.respond = listing(({ json }) => json({ tools }))
      return ((await performed()) as { inventory?: string }).inventory
    }
    const first = await inventory(tool('a', { x: { p: 1, q: [1, 2] } }), tool('b'))
    expect(await inventory(tool('b'), tool('a', { x: { q: [1, 2], p: 1 } }))).toBe(first)
    expect(await inventory(tool('b'), tool('a', { x: { q: [2, 1], p: 1 } }))).not.toBe(first)
    expect(await inventory(tool('b'), tool('b'), tool('a', { x: { p: 1, q: [1, 2] } }))).not.toBe(first)
  })
})
