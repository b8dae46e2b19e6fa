import { expect, test } from 'vitest'
import { readBody } from './message.ts'
import { unexpectedParameter } from './parameters.ts'

const limits = { maxBytes: 1 << 20, maxValues: 1000, maxDepth: 16 }

function message(method: string, params: object) {
  const read = readBody(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })), limits)
  if (!('message' in read)) throw new Error('not a message')
  return read.message
}

const call = message('tools/call', { name: 't', arguments: { city: 'Lisboa', deep: { n: 42, on: true }, list: ['é'] } })

test.each(['Lisboa', ' Lisboa ', '42', '42.0', 'true', '=?base64?w6k=?='])(
  'a header %j that repeats an argument may travel',
  value => {
    expect(unexpectedParameter(call, { 'mcp-param-x': value })).toBeUndefined()
  },
)

test.each(['Porto', 'lisboa', '43', 'false', '', '=?base64?!?=', 'city'])(
  'a header %j that repeats no argument is named',
  value => {
    expect(unexpectedParameter(call, { 'mcp-param-x': value })).toBe('mcp-param-x')
  },
)

test('on any other method no such header may stand', () => {
  expect(unexpectedParameter(message('tools/list', {}), { 'mcp-param-x': 'Lisboa' })).toBe('mcp-param-x')
  expect(unexpectedParameter(message('tools/list', {}), {})).toBeUndefined()
})
