import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Read, ReadLimits } from '../exchange.ts'
import { readAnswer, readBody } from './message.ts'
import { maxBatch } from './reader.ts'

type Case = {
  name: string
  from?: 'server'
  text?: string
  base64?: string
  limits?: Partial<ReadLimits>
  deny?: string
  id?: string
  shape?: string
  method?: string
  plain?: boolean
  batch?: number
}

const limits: ReadLimits = { maxBytes: 4 << 20, maxValues: 50_000, maxDepth: 64 }
const cases = parse(readFileSync(`${import.meta.dirname}/message.cases.yaml`, 'utf8')) as Case[]
const bodyOf = ({ text, base64 }: Case) =>
  base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64')

function expected({ deny, id, shape, method, plain, batch }: Case): Record<string, unknown> {
  const named = id === undefined ? {} : { id }
  if (deny !== undefined) return { deny, ...named }
  if (batch !== undefined) return { batch }
  return { shape, plain, ...named, ...(method !== undefined && { method }) }
}

function seen(read: Read): Record<string, unknown> {
  if ('batch' in read) return { batch: read.batch.length }
  if ('denied' in read) {
    const { stage, code, detail = '', id } = read.denied
    return {
      deny: stage === 'read' && detail !== '' ? code : 'a denial that does not say why',
      ...(id !== undefined && { id }),
    }
  }
  const { shape, id, method, plain } = read.message
  return { shape, plain, ...(id !== undefined && { id }), ...(method !== undefined && { method }) }
}

describe('the table of bodies', () => {
  for (const one of cases) {
    test(`${one.deny === undefined ? 'accepts' : `answers ${one.deny} to`} ${one.name}`, () => {
      const read = (one.from === 'server' ? readAnswer : readBody)(bodyOf(one), { ...limits, ...one.limits })
      expect(seen(read)).toEqual(expected(one))
    })
  }

  test('names no case twice', () => {
    expect(new Set(cases.map(one => one.name)).size).toBe(cases.length)
  })
})

test('a message holds the very buffer that arrived', () => {
  const bytes = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}')
  const read = readBody(bytes, limits)
  expect('message' in read && read.message.bytes).toBe(bytes)
})

test('the messages of a batch are slices of the buffer that arrived', () => {
  const bytes = Buffer.from('[ {"jsonrpc":"2.0","id":1,"method":"ping"},\n{"jsonrpc":"2.0","id":2,"method":"ping"} ]')
  const read = readBody(bytes, limits)
  const batch = 'batch' in read ? read.batch : []
  expect(batch.map(message => message.bytes.toString())).toEqual([
    '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    '{"jsonrpc":"2.0","id":2,"method":"ping"}',
  ])
  expect(batch.every(message => message.bytes.buffer === bytes.buffer)).toBe(true)
})

test('a batch holds at most a hundred messages', () => {
  const batch = (count: number) => Buffer.from(`[${Array(count).fill('{"jsonrpc":"2.0","method":"x"}').join(',')}]`)
  expect(seen(readBody(batch(maxBatch), limits))).toEqual({ batch: 100 })
  expect(seen(readBody(batch(maxBatch + 1), limits))).toEqual({ deny: 'InvalidRequest' })
})

test('params, result and error are what the bytes say', () => {
  const read = (text: string) => {
    const answer = readAnswer(Buffer.from(text), limits)
    return 'message' in answer ? answer.message : undefined
  }
  expect(read('{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":[1,"\\u0041"]}}')?.params).toEqual({ a: [1, 'A'] })
  expect(read('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}')?.result).toEqual({ content: [] })
  expect(read('{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m"}}')?.error).toEqual({ code: -1, message: 'm' })
})

test('values and depth are counted before anything is parsed', () => {
  const parse = JSON.parse
  const parsed: number[] = []
  JSON.parse = (text: string) => {
    parsed.push(text.length)
    return parse(text) as unknown
  }
  try {
    const many = Buffer.from(`[${Array(60_000).fill('{}').join(',')}]`)
    expect(seen(readBody(many, limits))).toEqual({ deny: 'TooComplex' })
    expect(seen(readBody(Buffer.from('['.repeat(1 << 20)), limits))).toEqual({ deny: 'TooComplex' })
  } finally {
    JSON.parse = parse
  }
  expect(parsed).toEqual([])
})

test('long strings are read to their end, with escapes and without', () => {
  for (const text of ['a'.repeat(100_000), 'line "quoted"\n'.repeat(5000), '\\'.repeat(999), 'é\\'.repeat(200)]) {
    const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', params: { text }, method: 'x', id: 5 }))
    const read = readBody(bytes, limits)
    expect('message' in read && [read.message.id, (read.message.params as { text: string }).text === text]).toEqual([
      '5',
      true,
    ])
  }
})

test('no reader of the product goes without a rule: only the fuzzer disables any', () => {
  const gateway = `${import.meta.dirname}/..`
  const product = globSync('**/*.ts', { cwd: gateway }).filter(
    file => !file.startsWith('mcp/fuzz/') && !file.endsWith('.test.ts'),
  )
  const calls = product.flatMap(file => [
    ...readFileSync(`${gateway}/${file}`, 'utf8').matchAll(/\brulesBut\(([^)]*)\)/g),
  ])
  expect(new Set(calls.map(([, disabled]) => disabled))).toEqual(new Set(['undefined']))
  const makers = product.filter(file =>
    /^import \{[^}]*\breader\b[^}]*\} from/m.test(readFileSync(`${gateway}/${file}`, 'utf8')),
  )
  expect(makers).toEqual(['mcp/message.ts'])
})
