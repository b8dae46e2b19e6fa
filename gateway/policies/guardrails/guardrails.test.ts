import { describe, expect, test } from 'vitest'
import type { ServerGuardrails, ServerRule } from '../../config/guardrails.ts'
import type { Channel, Exchange, Message, Read, Verdict } from '../../exchange.ts'
import { readAnswer, readBody } from '../../mcp/message.ts'
import { guardrails } from './index.ts'

const limits = { maxBytes: 1 << 22, maxValues: 50_000, maxDepth: 64 }

/** Made up here; put together so that no scanner of repositories takes it for a secret. */
const token = ['ghp', 'k2Lm9Qx7Vb4Nz8Rt5Yw3Pc6Hd1Jf0Gs2Ua7E'].join('_')
const every: Channel[] = ['Definition', 'Arguments', 'Result', 'Prompt', 'Resource', 'Elicitation']

const keywords = (words: string[]): ServerRule['detector'] => ({ keywords: { words } })
const rule = (over: Partial<ServerRule> = {}): ServerRule => ({
  detector: keywords(['zebra']),
  channels: every,
  action: 'Block',
  mode: 'Enforce',
  policy: 'team/animals',
  ...over,
})
const config = (...rules: ServerRule[]): ServerGuardrails => ({ rules })

const messageOf = (read: Read): Message => {
  if (!('message' in read)) throw new Error(`not read: ${JSON.stringify(read)}`)
  return read.message
}
const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

function exchange(value: unknown): Exchange {
  const message = messageOf(readBody(bytesOf(value), limits))
  const grants = { allowsScope: () => true, allowsServer: () => true, allowsTool: () => true, expiresAt: Infinity }
  return { principal: { provider: 'key', subject: 'ada', grants }, message, server: 'zoo', era: 'modern', now: 0 }
}

const ask = (rules: ServerGuardrails, value: unknown): Verdict => guardrails(rules).request!(exchange(value))
const answer = (rules: ServerGuardrails, value: unknown): Verdict =>
  guardrails(rules).response!(
    exchange({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    messageOf(readAnswer(bytesOf(value), limits)),
  )

const outcome = (verdict: Verdict): string =>
  'deny' in verdict ? `deny ${verdict.deny.code}` : 'replace' in verdict ? 'replace' : 'pass'
const channelsOf = (verdict: Verdict): Channel[] => (verdict.findings ?? []).map(({ channel }) => channel)

const result = (value: object): object => ({ jsonrpc: '2.0', id: 1, result: value })
const request = (method: string, params: object): object => ({ jsonrpc: '2.0', id: 1, method, params })
const notification = (method: string, params: object): object => ({ jsonrpc: '2.0', method, params })
const textBlock = (text: string): object => ({ type: 'text', text })

describe('what a server sends', () => {
  const cases: [string, Channel, object][] = [
    ['text of a tool result', 'Result', result({ content: [textBlock('a zebra')] })],
    ['the second block', 'Result', result({ content: [textBlock('a'), textBlock('a zebra')] })],
    ['structured content', 'Result', result({ content: [], structuredContent: { a: [{ b: 'a zebra' }] } })],
    ['a name in structured content', 'Result', result({ structuredContent: { zebra: 1 } })],
    [
      'an embedded text resource',
      'Result',
      result({ content: [{ type: 'resource', resource: { uri: 'a:b', text: 'zebra' } }] }),
    ],
    [
      'the uri of an embedded resource',
      'Result',
      result({ content: [{ type: 'resource', resource: { uri: 'a:zebra', text: '' } }] }),
    ],
    [
      'a link to a resource',
      'Result',
      result({ content: [{ type: 'resource_link', uri: 'a:b', description: 'zebra' }] }),
    ],
    [
      'a tool result nested in a block',
      'Result',
      result({ content: [{ type: 'tool_result', content: [textBlock('zebra')] }] }),
    ],
    ['an unknown kind of block', 'Result', result({ content: [{ type: 'zebra', x: 1 }] })],
    ['a member that nobody knows', 'Result', result({ novelty: { deep: ['zebra'] } })],
    ['the name of a member that nobody knows', 'Result', result({ zebra: 1 })],
    ['metadata of a result', 'Result', result({ _meta: { 'x/y': 'zebra' } })],
    ['the text of an error', 'Result', { jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'zebra' } }],
    [
      'the data of an error',
      'Result',
      { jsonrpc: '2.0', id: 1, error: { code: 1, message: '', data: { a: ['zebra'] } } },
    ],
    ['an error without an id', 'Result', { jsonrpc: '2.0', error: { code: 1, message: 'zebra' } }],
    ['a prompt', 'Prompt', result({ messages: [{ role: 'user', content: textBlock('zebra') }] })],
    ['the description of a prompt that is got', 'Result', result({ description: 'zebra', messages: [] })],
    ['a text resource', 'Resource', result({ contents: [{ uri: 'a:b', text: 'zebra' }] })],
    ['the description of a tool', 'Definition', result({ tools: [{ name: 'a', description: 'zebra' }] })],
    [
      'a parameter of a tool',
      'Definition',
      result({ tools: [{ name: 'a', inputSchema: { type: 'object', properties: { zebra: {} } } }] }),
    ],
    [
      'the description of a parameter',
      'Definition',
      result({ tools: [{ inputSchema: { properties: { a: { description: 'zebra' } } } }] }),
    ],
    ['the list of prompts', 'Definition', result({ prompts: [{ name: 'a', title: 'zebra' }] })],
    ['the list of resources', 'Definition', result({ resources: [{ name: 'zebra', uri: 'a:b' }] })],
    ['resource templates', 'Definition', result({ resourceTemplates: [{ uriTemplate: 'a:{zebra}', name: 'b' }] })],
    ['instructions', 'Definition', result({ instructions: 'mind the zebra', capabilities: {} })],
    ['the name of a server', 'Definition', result({ serverInfo: { name: 'zebra', version: '1' } })],
    ['completions', 'Definition', result({ completion: { values: ['zebra'] } })],
    [
      'requests for input',
      'Elicitation',
      result({ inputRequests: { a: { method: 'elicitation/create', params: { message: 'zebra' } } } }),
    ],
    [
      'a request to sample',
      'Elicitation',
      request('sampling/createMessage', { messages: [{ role: 'user', content: textBlock('zebra') }] }),
    ],
    ['a system prompt', 'Elicitation', request('sampling/createMessage', { messages: [], systemPrompt: 'zebra' })],
    ['a request to a person', 'Elicitation', request('elicitation/create', { message: 'zebra?', requestedSchema: {} })],
    [
      'a field that a person is asked for',
      'Elicitation',
      request('elicitation/create', { requestedSchema: { properties: { zebra: {} } } }),
    ],
    ['a log message', 'Result', notification('notifications/message', { level: 'info', data: 'zebra' })],
    ['progress', 'Result', notification('notifications/progress', { progressToken: 1, progress: 1, message: 'zebra' })],
    ['a resource that changed', 'Resource', notification('notifications/resources/updated', { uri: 'a:zebra' })],
  ]

  test.each(cases)('%s is judged in the channel %s', (_name, channel, message) => {
    expect(outcome(answer(config(rule()), message))).toBe('deny GuardrailBlocked')
    expect(channelsOf(answer(config(rule()), message))).toEqual([channel])
    expect(outcome(answer(config(rule({ channels: [channel] })), message))).toBe('deny GuardrailBlocked')
    const others = every.filter(other => other !== channel)
    expect(outcome(answer(config(rule({ channels: others })), message))).toBe('pass')
  })
})

describe('what a caller sends', () => {
  const call = (params: object): object => request('tools/call', params)
  const cases: [string, Channel, object][] = [
    ['an argument', 'Arguments', call({ name: 'a', arguments: { b: 'zebra' } })],
    ['a nested argument', 'Arguments', call({ name: 'a', arguments: { b: [{ c: ['zebra'] }] } })],
    ['the name of an argument', 'Arguments', call({ name: 'a', arguments: { zebra: 1 } })],
    [
      'an argument with the name of a member of the protocol',
      'Arguments',
      call({ name: 'a', arguments: { type: 'zebra' } }),
    ],
    ['the name of a tool', 'Arguments', call({ name: 'zebra' })],
    ['a uri', 'Arguments', request('resources/read', { uri: 'a:zebra' })],
    ['an argument of a prompt', 'Arguments', request('prompts/get', { name: 'a', arguments: { b: 'zebra' } })],
    [
      'what shall be completed',
      'Arguments',
      request('completion/complete', {
        ref: { type: 'ref/prompt', name: 'a' },
        argument: { name: 'b', value: 'zebra' },
      }),
    ],
    ['a cursor', 'Arguments', request('tools/list', { cursor: 'zebra' })],
    [
      'the name of a client',
      'Arguments',
      request('tools/list', { _meta: { 'io.modelcontextprotocol/clientInfo': { name: 'zebra' } } }),
    ],
    [
      'input that was asked for',
      'Elicitation',
      call({ name: 'a', inputResponses: { b: { action: 'accept', content: { c: 'zebra' } } } }),
    ],
    ['the answer of a person', 'Elicitation', result({ action: 'accept', content: { a: 'zebra' } })],
    ['the answer of a model', 'Elicitation', result({ role: 'assistant', content: textBlock('zebra'), model: 'm' })],
    ['the roots of a client', 'Elicitation', result({ roots: [{ uri: 'file:///zebra' }] })],
    ['an error of a client', 'Elicitation', { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'zebra' } }],
    ['a notification', 'Arguments', notification('notifications/cancelled', { requestId: 1, reason: 'zebra' })],
  ]

  test.each(cases)('%s is judged in the channel %s', (_name, channel, message) => {
    expect(outcome(ask(config(rule()), message))).toBe('deny GuardrailBlocked')
    expect(channelsOf(ask(config(rule({ channels: [channel] })), message))).toEqual([channel])
    const others = every.filter(other => other !== channel)
    expect(outcome(ask(config(rule({ channels: others })), message))).toBe('pass')
  })

  test.each(['initialize', 'server/discover'])('%s is never refused, its answer is', method => {
    const params = { clientInfo: { name: 'zebra', version: '1' }, capabilities: {} }
    expect(outcome(ask(config(rule()), request(method, params)))).toBe('pass')
    expect(outcome(answer(config(rule()), result({ instructions: 'zebra' })))).toBe('deny GuardrailBlocked')
  })
})

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

describe('actions', () => {
  const secrets: ServerRule['detector'] = { secrets: {} }
  const redacting = config(rule({ detector: secrets, action: 'Redact' }))
  const leak = result({ content: [textBlock(`it is ${token}, keep it`)] })
  const replaced = (verdict: Verdict): unknown =>
    'replace' in verdict ? JSON.parse(verdict.replace.toString()) : undefined

  test('a refusal names policy, detector and rule, and never the text', () => {
    const verdict = answer(config(rule()), result({ content: [textBlock('a zebra')] }))
    expect(verdict).toMatchObject({
      deny: {
        stage: 'guardrails',
        code: 'GuardrailBlocked',
        id: '1',
        text: 'Blocked by guardrail policy "team/animals": keywords/keyword 1',
      },
    })
    expect(JSON.stringify(verdict)).not.toContain('zebra')
  })

  test('a secret is redacted where it stands', () => {
    const verdict = answer(redacting, leak)
    expect(replaced(verdict)).toEqual(result({ content: [textBlock('it is [redacted:github-token], keep it')] }))
    expect(verdict.findings).toEqual([
      {
        detector: 'secrets',
        rule: 'github-token',
        channel: 'Result',
        policy: 'team/animals',
        action: 'Redact',
        mode: 'Enforce',
      },
    ])
  })

  test('what was redacted passes when it is judged again', () => {
    const verdict = answer(redacting, leak)
    expect(outcome(answer(redacting, 'replace' in verdict ? verdict.replace.toString() : ''))).toBe('pass')
  })

  test('a keyword that is part of a placeholder does not find it', () => {
    const both = config(
      rule({ detector: secrets, action: 'Redact' }),
      rule({ detector: keywords(['github', 'token']) }),
    )
    const verdict = answer(both, leak)
    expect(outcome(verdict)).toBe('replace')
    expect(outcome(answer(both, 'replace' in verdict ? verdict.replace.toString() : ''))).toBe('pass')
    expect(outcome(answer(both, result({ content: [textBlock('[redacted:token]')] })))).toBe('deny GuardrailBlocked')
  })

  test('two detectors that see the same stretch redact all of it once', () => {
    const words = { keywords: { words: ['is ghp'], matchMode: 'Substring' as const } }
    const both = config(rule({ detector: secrets, action: 'Redact' }), rule({ detector: words, action: 'Redact' }))
    expect(replaced(answer(both, leak))).toEqual(result({ content: [textBlock('it [redacted:keyword], keep it')] }))
  })

  test('the strictest action wins, whatever the order', () => {
    const rules = [rule({ action: 'Warn' }), rule({ action: 'Redact' }), rule({ action: 'Block' })]
    const message = result({ content: [textBlock('zebra')] })
    const outcomes = (list: ServerRule[]): string => outcome(answer(config(...list), message))
    expect(outcomes(rules)).toBe('deny GuardrailBlocked')
    expect(outcomes(rules.toReversed())).toBe('deny GuardrailBlocked')
    expect(outcomes(rules.slice(0, 2))).toBe('replace')
    expect(outcomes(rules.slice(0, 1))).toBe('pass')
    expect(answer(config(...rules), message).findings).toHaveLength(3)
  })

  test('Warn passes with a finding', () => {
    const verdict = answer(config(rule({ action: 'Warn' })), result({ content: [textBlock('zebra')] }))
    expect(verdict).toEqual({
      pass: true,
      findings: [
        {
          detector: 'keywords',
          rule: 'keyword 1',
          channel: 'Result',
          policy: 'team/animals',
          action: 'Warn',
          mode: 'Enforce',
        },
      ],
    })
  })

  test.each(['Block', 'Redact', 'Warn'] as const)('%s in Audit only records', action => {
    const verdict = answer(config(rule({ action, mode: 'Audit' })), result({ content: [textBlock('zebra')] }))
    expect(outcome(verdict)).toBe('pass')
    expect(verdict.findings).toMatchObject([{ action, mode: 'Audit' }])
  })

  test('Audit beside Enforce leaves both findings', () => {
    const rules = config(rule({ mode: 'Audit', policy: 'a' }), rule({ action: 'Redact', policy: 'b' }))
    const verdict = answer(rules, result({ content: [textBlock('zebra')] }))
    expect(outcome(verdict)).toBe('replace')
    expect(verdict.findings?.map(({ policy }) => policy)).toEqual(['a', 'b'])
  })

  test.each([
    ['the name of a tool', request('tools/call', { name: 'zebra', arguments: {} })],
    ['a uri', request('resources/read', { uri: 'zebra' })],
    ['the id of a task', request('tasks/get', { taskId: 'zebra' })],
    ['the name of an argument', request('tools/call', { name: 'a', arguments: { zebra: 1 } })],
  ])('%s cannot be redacted, so it is refused', (_name, message) => {
    expect(outcome(ask(config(rule({ action: 'Redact' })), message))).toBe('deny GuardrailBlocked')
    expect(outcome(ask(config(rule({ action: 'Redact', mode: 'Audit' })), message))).toBe('pass')
  })

  test('a value beside a name is redacted', () => {
    const message = request('tools/call', { name: 'a', arguments: { name: 'zebra', uri: 'zebra' } })
    const verdict = ask(config(rule({ action: 'Redact' })), message)
    const clean = { name: '[redacted:keyword]', uri: '[redacted:keyword]' }
    expect(replaced(verdict)).toEqual(request('tools/call', { name: 'a', arguments: clean }))
  })

  test('the name of a member tells that its value is a secret', () => {
    const message = result({ structuredContent: { api_key: 'k2Lm9Qx7Vb4Nz8Rt5Yw3', id: 'k2Lm9Qx7Vb4Nz8Rt5Yw3' } })
    const clean = { api_key: '[redacted:assigned-secret]', id: 'k2Lm9Qx7Vb4Nz8Rt5Yw3' }
    expect(replaced(answer(redacting, message))).toEqual(result({ structuredContent: clean }))
  })

  test('without a rule nothing is looked at', () => {
    expect(answer(config(), leak)).toEqual({ pass: true })
    expect(answer(config(rule({ detector: secrets, channels: ['Arguments'] })), leak)).toEqual({ pass: true })
  })

  test('a message full of findings names each once', () => {
    const content = Array.from({ length: 300 }, () => textBlock('zebra'))
    expect(answer(config(rule({ action: 'Warn' })), result({ content })).findings).toHaveLength(1)
  })
})
