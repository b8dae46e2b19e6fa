import type { ServerGuardrails, ServerRule } from '../../config/guardrails.ts'
import type { Channel, Exchange, Message, Read, Steps, Verdict } from '../../exchange.ts'
import { readAnswer, readBody } from '../../mcp/message.ts'
import { guardrails } from './index.ts'

/** Shapes and calls that the tests of the stage have in common. */
const limits = { maxBytes: 1 << 22, maxValues: 50_000, maxDepth: 64 }

/** Made up here; put together so that no scanner of repositories takes it for a secret. */
export const token = ['ghp', 'k2Lm9Qx7Vb4Nz8Rt5Yw3Pc6Hd1Jf0Gs2Ua7E'].join('_')
export const every: Channel[] = ['Definition', 'Arguments', 'Result', 'Prompt', 'Resource', 'Elicitation']

export const keywords = (words: string[]): ServerRule['detector'] => ({ keywords: { words } })
export const rule = (over: Partial<ServerRule> = {}): ServerRule => ({
  detector: keywords(['zebra']),
  channels: every,
  action: 'Block',
  mode: 'Enforce',
  policy: 'team/animals',
  ...over,
})
export const config = (...rules: ServerRule[]): ServerGuardrails => ({ rules })

const messageOf = (read: Read): Message => {
  if (!('message' in read)) throw new Error(`not read: ${JSON.stringify(read)}`)
  return read.message
}
const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

function exchange(value: unknown): Exchange {
  const message = messageOf(readBody(bytesOf(value), limits))
  const grants = { allowsScope: () => true, allowsServer: () => true, allowsTool: () => true, expiresAt: Infinity }
  return {
    principal: { provider: 'key', subject: 'ada', id: 'ada', grants },
    message,
    server: 'zoo',
    era: 'modern',
    now: 0,
  }
}

/** Takes all steps of a judgement. */
export function settled(verdict: Verdict | Steps<Verdict>): Verdict {
  if (!('next' in verdict)) return verdict
  for (;;) {
    const step = verdict.next()
    if (step.done === true) return step.value
  }
}

export const ask = (rules: ServerGuardrails, value: unknown): Verdict =>
  settled(guardrails(rules).request(exchange(value)))
/** The judgement of an answer, which may come in steps. */
export const answering = (rules: ServerGuardrails, value: unknown): Verdict | Steps<Verdict> =>
  guardrails(rules).response(
    exchange({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    messageOf(readAnswer(bytesOf(value), limits)),
  )

export const answer = (rules: ServerGuardrails, value: unknown): Verdict => settled(answering(rules, value))

export const outcome = (verdict: Verdict): string =>
  'deny' in verdict ? `deny ${verdict.deny.code}` : 'replace' in verdict ? 'replace' : 'pass'
export const channelsOf = (verdict: Verdict): Channel[] => (verdict.findings ?? []).map(({ channel }) => channel)

export const result = (value: object): object => ({ jsonrpc: '2.0', id: 1, result: value })
export const request = (method: string, params: object): object => ({ jsonrpc: '2.0', id: 1, method, params })
export const notification = (method: string, params: object): object => ({ jsonrpc: '2.0', method, params })
export const textBlock = (text: string): object => ({ type: 'text', text })
