import { describe, expect, test } from 'vitest'
import { answer, ask, config, notification, outcome, request, result, rule, textBlock } from './fixtures.ts'

const blocked = 'deny GuardrailBlocked'
const call = (params: object): object => request('tools/call', { name: 'a', ...params })
const meta = (progressToken: unknown): object => ({ _meta: { progressToken } })

describe('what is exempt elsewhere is judged', () => {
  test.each([
    ['a progress token that is an object', call(meta({ t: 'zebra' }))],
    ['a progress token that is a list', call(meta(['zebra']))],
    ['a long progress token', call(meta(`zebra ${'a'.repeat(130)}`))],
    ['a progress token among arguments', call({ arguments: meta('zebra') })],
    ['a state that is an object', call({ requestState: { t: ['zebra'] } })],
    ['a state in a list request', request('tools/list', { requestState: 'zebra' })],
    ['a state in a notification', notification('notifications/initialized', { requestState: 'zebra' })],
    ['an object as the id that is cancelled', notification('notifications/cancelled', { requestId: { t: 'zebra' } })],
    ['a progress token that a request has among its parameters', call({ progressToken: 'zebra' })],
  ])('%s, of a caller', (_name, message) => expect(outcome(ask(config(rule()), message))).toBe(blocked))

  test.each([
    ['a progress token in structured content', result({ structuredContent: meta('zebra') })],
    ['a progress token in a block', result({ content: [{ ...textBlock('a'), ...meta({ t: 'zebra' }) }] })],
    ['the id of its own request', { jsonrpc: '2.0', id: 'zebra', method: 'roots/list' }],
    ['what it cancels', notification('notifications/cancelled', { requestId: 'zebra' })],
    ['a progress token of its own', request('sampling/createMessage', { messages: [], ...meta('zebra') })],
    ['a progress token in a result', result({ content: [], ...meta('zebra') })],
    ['a state of a complete result', result({ resultType: 'complete', requestState: 'zebra' })],
    ['a state that is an object', result({ resultType: 'input_required', requestState: { t: 'zebra' } })],
    ['a progress token that is an object', notification('notifications/progress', { progressToken: { t: 'zebra' } })],
    [
      'a subscription id that is an object',
      notification('notifications/resources/list_changed', {
        _meta: { 'io.modelcontextprotocol/subscriptionId': { t: 'zebra' } },
      }),
    ],
  ])('%s, of a server', (_name, message) => expect(outcome(answer(config(rule()), message))).toBe(blocked))
})
