import { expect, test } from 'vitest'
import type { Charge, Exchange, MaybePromise, Message, Reservation } from '../exchange.ts'
import { readBody } from '../mcp/message.ts'
import { ChargeLedger } from './charging.ts'
import { judgeRequest, type EvaluatedMessage } from './pipeline.ts'
import { isSteps } from './steps.ts'
import { runInTurns } from './turns.ts'

const limits = { maxBytes: 1 << 20, maxValues: 1000, maxDepth: 16 }

function call(): Message {
  const read = readBody(Buffer.from('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a"}}'), limits)
  if (!('message' in read)) throw new Error('not a message')
  return read.message
}

const exchange = (message: Message): Exchange => ({
  principal: {
    provider: 'key',
    subject: 'ci',
    id: 'ci',
    grants: { expiresAt: Infinity, allowsScope: () => true, allowsServer: () => true, allowsTool: () => true },
  },
  server: 's',
  era: 'modern',
  now: 0,
  message,
})

/** A charge that notes what becomes of it. */
function charge(name: string, log: string[], answer?: (given: Reservation) => ReturnType<Charge['reserve']>): Charge {
  const reservation: Reservation = {
    commit: () => void log.push(`${name} commits`),
    release: () => void log.push(`${name} releases`),
  }
  return {
    name,
    reserve: () => {
      log.push(`${name} reserves`)
      return answer === undefined ? reservation : answer(reservation)
    },
  }
}

const judged = (
  stages: Parameters<typeof judgeRequest>[0],
  charging = { ledger: new ChargeLedger(), arrived: call() },
): MaybePromise<EvaluatedMessage> => {
  const steps = judgeRequest(stages, exchange(charging.arrived), limits, charging)
  if (!isSteps(steps)) return steps
  return new Promise((resolve, reject) => runInTurns(steps, { owner: 'ci' }, resolve, reject))
}

test('charges are all asked before any of them is committed', async () => {
  const log: string[] = []
  expect((await judged([charge('a', log), charge('b', log)])).denied).toBeUndefined()
  expect(log).toEqual(['a reserves', 'b reserves', 'a commits', 'b commits'])
})

test('one that refuses gives back what the others have reserved, and those behind it are not asked', async () => {
  const log: string[] = []
  const full = charge('b', log, () => ({ deny: { stage: 'b', code: 'Busy' } }))
  const { denied } = await judged([charge('a', log), full, charge('c', log)])
  expect(denied).toEqual({ stage: 'b', code: 'Busy', id: '7' })
  expect(log).toEqual(['a reserves', 'b reserves', 'a releases'])
})

test('one that throws or rejects has refused', async () => {
  for (const answer of [
    () => {
      throw new Error('boom')
    },
    () => Promise.reject(new Error('boom')),
  ]) {
    const log: string[] = []
    const { denied } = await judged([charge('a', log), charge('b', log, answer)])
    expect(denied).toMatchObject({ stage: 'b', code: 'Internal', detail: 'b threw: boom' })
    expect(log).toEqual(['a reserves', 'b reserves', 'a releases'])
  }
})

test('what throws while it is taken or given back has refused, leaves nothing reserved, and is not asked again', async () => {
  const boom = () => {
    throw new Error('boom')
  }
  const log: string[] = []
  const charging = { ledger: new ChargeLedger(), arrived: call() }
  const chain = [charge('a', log, given => ({ ...given, commit: boom })), charge('b', log)]
  for (const _ of ['once', 'again'])
    expect((await judged(chain, charging)).denied).toMatchObject({ stage: 'a', detail: 'a threw: boom' })
  expect(log).toEqual(['a reserves', 'b reserves', 'b releases'])
  const released: string[] = []
  const full = charge('c', released, () => ({ deny: { stage: 'c', code: 'Busy' } }))
  const broken = charge('a', released, given => ({ ...given, release: boom }))
  expect((await judged([broken, charge('b', released), full])).denied).toMatchObject({ code: 'Busy' })
  expect(released.at(-1)).toBe('b releases')
})

test('a reservation that has to be waited for counts as any other', async () => {
  const log: string[] = []
  const slow = charge('a', log, given => Promise.resolve(given))
  expect((await judged([slow, charge('b', log)])).denied).toBeUndefined()
  expect(log).toEqual(['a reserves', 'b reserves', 'a commits', 'b commits'])
})

test('what costs nothing is not charged', async () => {
  const log: string[] = []
  await judged([charge('a', log, () => undefined), charge('b', log)])
  expect(log).toEqual(['a reserves', 'b reserves', 'b commits'])
})

test('a message that is judged again keeps its first answer, be it a refusal', async () => {
  const log: string[] = []
  const charging = { ledger: new ChargeLedger(), arrived: call() }
  const full = charge('a', log, () => ({ deny: { stage: 'a', code: 'Busy' } }))
  await judged([full], charging)
  expect((await judged([charge('b', log)], charging)).denied).toMatchObject({ stage: 'a', code: 'Busy' })
  expect(log).toEqual(['a reserves'])
})

test('without a ledger nothing is charged, and the message passes', () => {
  const log: string[] = []
  const steps = judgeRequest([charge('a', log)], exchange(call()), limits)
  if (!isSteps(steps)) throw new Error('a charge is asked in steps')
  const { done, value } = steps.next()
  expect({ done, denied: (value as EvaluatedMessage).denied, log }).toEqual({ done: true, denied: undefined, log: [] })
})
