import { describe, expect, test } from 'vitest'
import { answer, ask, config, keywords, notification, outcome, request, result, rule, textBlock } from './fixtures.ts'

describe('spellings', () => {
  const spelled = (text: string): string =>
    `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${text}"}]}}`
  test.each([
    ['plain', 'a zebra'],
    ['upper case', 'a ZEBRA'],
    ['one letter escaped', 'a \\u007aebra'],
    ['every letter escaped', '\\u007a\\u0065\\u0062\\u0072\\u0061'],
    ['beside an escape', 'a\\nzebra\\t'],
    ['a raw delete within', 'zeb\x7fra'],
    ['an escaped null within', 'zeb\\u0000ra'],
    ['full width', 'ｚｅｂｒａ'],
    ['a zero-width space within', 'ze\u200bbra'],
    ['an escaped soft hyphen within', 'ze\\u00adbra'],
  ])('a keyword is found when spelled with %s', (_name, text) => {
    expect(outcome(answer(config(rule()), spelled(text)))).toBe('deny GuardrailBlocked')
  })

  test('an escaped name of a member is judged by what it says', () => {
    const message = '{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"\\u007aebra":1}}}'
    expect(outcome(answer(config(rule()), message))).toBe('deny GuardrailBlocked')
  })
})

describe('what is not text', () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108', 'hex').toString('base64')
  const hidden = Buffer.from('a zebra in disguise').toString('base64')
  const image = (data: string, mimeType?: string): object => result({ content: [{ type: 'image', data, mimeType }] })
  const blob = (data: string, mimeType?: string): object => result({ contents: [{ uri: 'a:b', blob: data, mimeType }] })
  const anything = config(rule({ detector: { keywords: { words: ['v', 'zebra'], matchMode: 'Substring' } } }))

  test.each([
    ['an image', image(png, 'image/png')],
    ['an image without a type', image(png)],
    [
      'an image in a prompt',
      result({ messages: [{ role: 'user', content: { type: 'image', data: png, mimeType: 'image/png' } }] }),
    ],
    ['a binary resource', blob(png, 'image/png')],
    [
      'an embedded binary resource',
      result({
        content: [{ type: 'resource', resource: { uri: 'b:c', blob: png, mimeType: 'application/octet-stream' } }],
      }),
    ],
    ['a state that the client sends back', result({ resultType: 'input_required', requestState: 'zebra' })],
    ['a progress token', notification('notifications/progress', { progressToken: 'zebra', progress: 1 })],
    [
      'the id of a subscription',
      notification('notifications/resources/list_changed', {
        _meta: { 'io.modelcontextprotocol/subscriptionId': 'zebra' },
      }),
    ],
  ])('%s passes', (_name, message) => {
    expect(outcome(answer(anything, message))).toBe('pass')
  })

  test('state and progress token of a caller pass', () => {
    const params = { name: 'b', requestState: 'zebra', _meta: { progressToken: 'zebra' } }
    expect(outcome(ask(config(rule()), request('tools/call', params)))).toBe('pass')
  })

  test.each([
    ['text declared an image', image(hidden, 'image/png')],
    ['text in an image without a type', image(hidden)],
    ['an image that is no base64', image('a zebra!', 'image/png')],
    ['text as a blob', blob(hidden, 'text/plain')],
    ['text as a blob without a type', blob(hidden)],
    ['text as a blob of bytes', blob(hidden, 'application/octet-stream')],
    [
      'text with an invalid byte as a text blob',
      blob(Buffer.from('ff' + Buffer.from(' zebra').toString('hex'), 'hex').toString('base64'), 'text/plain'),
    ],
    ['an image in structured content', result({ structuredContent: { type: 'image', data: 'zebra' } })],
    ['data of a block that is no image', result({ content: [{ type: 'text', text: '', data: 'zebra' }] })],
  ])('%s is judged', (_name, message) => {
    expect(outcome(answer(config(rule()), message))).toBe('deny GuardrailBlocked')
  })

  test('what stands in base64 cannot be redacted, so it is refused', () => {
    expect(outcome(answer(config(rule({ action: 'Redact' })), blob(hidden, 'text/plain')))).toBe(
      'deny GuardrailBlocked',
    )
  })

  test.each(['text', 'user', 'type', 'content', 'object', 'properties'])(
    'the word %s of the protocol itself is no text',
    word => {
      const rules = config(rule({ detector: keywords([word]) }))
      const messages = [{ role: 'user', content: textBlock('a') }]
      const inputSchema = { type: 'object', properties: {} }
      expect(outcome(answer(rules, result({ content: [textBlock('a')], messages })))).toBe('pass')
      expect(outcome(answer(rules, result({ tools: [{ name: 'a', inputSchema }] })))).toBe('pass')
      expect(outcome(ask(rules, request('tools/call', { name: 'a', arguments: { [word]: 1 } })))).toBe(
        'deny GuardrailBlocked',
      )
    },
  )
})
