import { expect, test } from 'vitest'
import type { Exchange, Finding, Message, Stage, Steps } from '../exchange.ts'
import { readBody } from '../mcp/message.ts'
import * as pipeline from './pipeline.ts'
import { runSync, type MaybeSteps } from './steps.ts'
import { runInTurns, Turns } from './turns.ts'

type Judged = pipeline.EvaluatedMessage
const judgeRequest = (...given: Parameters<typeof pipeline.judgeRequest>) =>
  runSync(pipeline.judgeRequest(...given) as MaybeSteps<Judged>)
const judgeAnswer = (...given: Parameters<typeof pipeline.judgeAnswer>) =>
  runSync(pipeline.judgeAnswer(...given) as MaybeSteps<Judged>)

const limits = { maxBytes: 1 << 20, maxValues: 1000, maxDepth: 16 }
const read = (bytes: Buffer) => readBody(bytes, limits)

function messageOf(text: string): Message {
  const found = read(Buffer.from(text))
  if (!('message' in found)) throw new Error('not a message')
  return found.message
}

const exchange = (text: string): Exchange => ({
  principal: {
    provider: 'key',
    subject: 'ci',
    id: 'ci',
    grants: { expiresAt: Infinity, allowsScope: () => true, allowsServer: () => true, allowsTool: () => true },
  },
  server: 's',
  era: 'modern',
  now: 0,
  message: messageOf(text),
})

const call = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a"}}'
const replacing = (name: string, from: string, to: string): Stage => ({
  name,
  request: ({ message }) =>
    message.bytes.includes(from)
      ? { replace: Buffer.from(message.bytes.toString().replace(from, to)) }
      : { pass: true },
})
const finding: Finding = {
  detector: 'd',
  rule: 'r',
  channel: 'Arguments',
  policy: 'p',
  action: 'Warn',
  mode: 'Enforce',
}

test('an untouched message is the very buffer that arrived', () => {
  const x = exchange(call)
  const judged = judgeRequest([{ name: 'a', request: () => ({ pass: true }) }, { name: 'b' }], x, limits)
  expect(judged.message.bytes).toBe(x.message.bytes)
  expect(judged.denied).toBeUndefined()
})

test('stages see requests in their order and stop at the first refusal', () => {
  const order: string[] = []
  const stage = (name: string, deny: boolean): Stage => ({
    name,
    request: () => {
      order.push(name)
      return deny ? { deny: { stage: name, code: 'ToolNotAllowed' } } : { pass: true }
    },
  })
  const judged = judgeRequest([stage('a', false), stage('b', true), stage('c', false)], exchange(call), limits)
  expect(order).toEqual(['a', 'b'])
  expect(judged.denied).toEqual({ stage: 'b', code: 'ToolNotAllowed', id: '7' })
})

test('a stage that throws has refused, and its words stay out of the public text', () => {
  const stage: Stage = {
    name: 'fragile',
    request: () => {
      throw new Error('boom')
    },
  }
  const { denied } = judgeRequest([stage], exchange(call), limits)
  expect(denied).toMatchObject({ stage: 'fragile', code: 'Internal', id: '7', detail: expect.stringContaining('boom') })
  expect(denied?.text).toBeUndefined()
})

test('a rewritten message is judged again by all stages, also by those before the one that wrote it', () => {
  const refuseB: Stage = {
    name: 'tools',
    request: ({ message }) =>
      message.bytes.includes('"b"') ? { deny: { stage: 'tools', code: 'ToolNotAllowed' } } : { pass: true },
  }
  const { denied } = judgeRequest([refuseB, replacing('rename', '"a"', '"b"')], exchange(call), limits)
  expect(denied).toMatchObject({ stage: 'tools', code: 'ToolNotAllowed' })
})

test('what is sent is what was judged: the rewritten bytes, read anew', () => {
  const { message, denied } = judgeRequest([replacing('rename', '"a"', '"c"')], exchange(call), limits)
  expect(denied).toBeUndefined()
  expect(message.params).toEqual({ name: 'c' })
  expect(message.bytes.toString()).toBe(call.replace('"a"', '"c"'))
})

test('a chain that rewrites without end is refused', () => {
  const growing: Stage = {
    name: 'growing',
    request: ({ message }) => ({ replace: Buffer.from(message.bytes.toString().replace('"a', '"aa')) }),
  }
  expect(judgeRequest([growing], exchange(call), limits).denied).toMatchObject({ stage: 'pipeline', code: 'Internal' })
})

test('a stage that writes what cannot be read is refused', () => {
  const broken: Stage = { name: 'broken', request: () => ({ replace: Buffer.from('{"jsonrpc"') }) }
  expect(judgeRequest([broken], exchange(call), limits).denied).toMatchObject({
    stage: 'broken',
    code: 'Internal',
    id: '7',
  })
})

test('findings of all stages are kept, with a refusal as well as without', () => {
  const sees: Stage = { name: 'sees', request: () => ({ pass: true, findings: [finding] }) }
  const refuses: Stage = {
    name: 'refuses',
    request: () => ({ deny: { stage: 'refuses', code: 'GuardrailBlocked' }, findings: [finding] }),
  }
  expect(judgeRequest([sees], exchange(call), limits).findings).toEqual([finding])
  expect(judgeRequest([sees, refuses], exchange(call), limits).findings).toEqual([finding, finding])
})

test('answers pass in the order in which the stages are given, with the caller and without the request', () => {
  const seen: unknown[] = []
  const stage: Stage = {
    name: 's',
    response: (x, answer) => {
      seen.push([x.principal.subject, answer.result])
      return { pass: true }
    },
  }
  judgeAnswer([stage], exchange(call), messageOf('{"jsonrpc":"2.0","id":7,"result":{"n":1}}'), limits)
  expect(seen).toEqual([['ci', { n: 1 }]])
})

test('a stage may judge in steps, and what it says at the end counts', () => {
  const slow: Stage = {
    name: 'slow',
    *request() {
      yield
      yield
      return { deny: { stage: 'slow', code: 'GuardrailBlocked' } }
    },
  }
  const steps = pipeline.judgeRequest([slow], exchange(call), limits) as Steps<pipeline.EvaluatedMessage>
  expect([steps.next().done, steps.next().done]).toEqual([false, false])
  expect(steps.next()).toMatchObject({ done: true, value: { denied: { code: 'GuardrailBlocked', id: '7' } } })
})

test('a stage that throws between its steps has refused', () => {
  const fragile: Stage = {
    name: 'fragile',
    *request() {
      yield
      throw new Error('boom')
    },
  }
  expect(judgeRequest([fragile], exchange(call), limits).denied).toMatchObject({ stage: 'fragile', code: 'Internal' })
})

/** Judges a call when its owner has a turn: `round` gives one. */
function queued(stage: Stage) {
  const planned: (() => void)[] = []
  const turns = new Turns(act => planned.push(act))
  turns.add('ci', { step: () => false, isWanted: () => true, drop: () => undefined })
  const judged = new Promise<Judged>((resolve, reject) =>
    runInTurns(pipeline.judgeRequest([stage], exchange(call), limits), { owner: 'ci', turns }, resolve, reject),
  )
  const round = (): void => planned.splice(0).forEach(act => act())
  return { judged, round }
}

// Without a listener the rejection would end the process, and ends the run of these tests.
test('a promise that rejects before its call has a turn has refused', async () => {
  const { judged, round } = queued({ name: 'a', request: () => Promise.reject(new Error('boom')) })
  await new Promise(setImmediate)
  round()
  round()
  await new Promise(setImmediate)
  round()
  expect((await judged).denied).toMatchObject({ stage: 'a', code: 'Internal', detail: 'a threw: boom' })
})
