import { describe, expect, test } from 'vitest'
import type { Channel } from '../../exchange.ts'
import {
  answer,
  ask,
  channelsOf,
  config,
  every,
  notification,
  outcome,
  request,
  result,
  rule,
  textBlock,
} from './fixtures.ts'

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
    for (const action of ['Block', 'Redact'] as const) {
      const verdict = ask(config(rule({ action })), request(method, params))
      expect(outcome(verdict)).toBe('pass')
      expect(verdict.findings).toMatchObject([{ action, rule: 'keyword 1', channel: 'Arguments' }])
    }
    expect(outcome(answer(config(rule()), result({ instructions: 'zebra' })))).toBe('deny GuardrailBlocked')
  })
})
