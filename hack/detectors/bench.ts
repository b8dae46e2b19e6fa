/** What the stage costs, by hand: `node hack/detectors/bench.ts`. Prints the median of repeats, in microseconds of CPU per message. */
import { readAnswer } from '../../gateway/mcp/message.ts'
import type { Caller, Message } from '../../gateway/exchange.ts'
import { settled } from '../../gateway/policies/guardrails/fixtures.ts'
import { guardrails } from '../../gateway/policies/guardrails/index.ts'

const channels = ['Definition', 'Arguments', 'Result', 'Prompt', 'Resource', 'Elicitation'] as const
const stage = guardrails({
  rules: [
    {
      detector: { keywords: { words: ['forbidden', 'project blue', 'internal only'] } },
      channels: [...channels],
      action: 'Block',
      mode: 'Enforce',
      policy: 'a',
    },
    { detector: { secrets: {} }, channels: [...channels], action: 'Redact', mode: 'Enforce', policy: 'a' },
  ],
})

function answer(text: string): Message {
  const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text }] } }))
  const read = readAnswer(bytes, { maxBytes: 1 << 25, maxValues: 1e6, maxDepth: 64 })
  if (!('message' in read)) throw new Error('not readable')
  return read.message
}

const sentence = 'The quick brown fox jumps over the lazy dog and then looks for another dog to jump over. '
const prose = (length: number): string => sentence.repeat(Math.ceil(length / sentence.length)).slice(0, length)

const cases: Record<string, string> = {
  '300 B plain': prose(240),
  '300 B plain, a word that is looked at': `${prose(220)} the token count`,
  '300 B with a link': `${prose(200)} https://a.example/b?c=d`,
  '300 B with an address and a link': `${prose(180)} me@a.example https://a.example/b?c=d`,
  '300 B with a line break': `${prose(200)}\n${prose(40)}`,
  '300 B with an accent': `${prose(200)}é${prose(40)}`,
  '300 B, a part redacted': `${prose(200)} ${['ghp', 'k2Lm9Qx7Vb4Nz8Rt5Yw3Pc6Hd1Jf0Gs2Ua7E'].join('_')}`,
  '64 KB plain': prose(65_536),
  '64 KB with line breaks': prose(65_536).replaceAll('. ', '.\n'),
  '64 KB with line breaks and accents': prose(65_536).replaceAll('. ', '.\n').replaceAll('dog', 'dög'),
  '1 MB with line breaks and links': prose(1 << 20)
    .replaceAll('. ', '.\nhttps://a.example/b?c=d token ')
    .slice(0, 1 << 20),
  '1 MB of Hindi': 'मेरी फ़ाइल कितने की है? यह क़ीमत बहुत ज़्यादा है। '.repeat(7_900),
  '1 MB of Chinese': '我的文件是多少钱。'.repeat(116_000),
}

const grants = { allowsScope: () => true, allowsServer: () => true, allowsTool: () => true, expiresAt: Infinity }
const principal = { provider: 'key' as const, subject: 'ada', id: 'ada', grants }
const caller: Caller = { principal, server: 'zoo', era: 'modern', now: 0 }

function median(message: Message, calls: number): number {
  const times: number[] = []
  for (let repeat = 0; repeat < 15; repeat++) {
    const begun = process.cpuUsage().user
    for (let call = 0; call < calls; call++) settled(stage.response(caller, message))
    times.push((process.cpuUsage().user - begun) / calls)
  }
  return times.sort((a, b) => a - b)[7]!
}

for (const [name, text] of Object.entries(cases)) {
  const message = answer(text)
  const calls = Math.max(2, Math.floor(2e6 / message.bytes.length))
  console.log(`${median(message, calls).toFixed(2).padStart(10)} µs  ${name} (${message.bytes.length} bytes)`)
}
