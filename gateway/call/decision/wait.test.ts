import { createServer, IncomingMessage, request, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { Socket, type AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WaitingRequests } from '../../evaluation/waiting-requests.ts'
import { OpenCalls } from '../../runtime/open-calls.ts'
import { Interruption } from '../outcome.ts'
import type { RequestContext } from '../request-context.ts'
import { patience, patienceForAll, waitFor, type WaitOptions } from './wait.ts'

const server = createServer()

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** A request that has arrived, and what a wait needs of the gateway around it. */
async function arrived(more: Partial<WaitOptions> = {}) {
  let now = 0
  const calls = new OpenCalls(() => now)
  const waiting = new WaitingRequests({ most: 2, mostPerOwner: 2 })
  const arriving = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>
  const client = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false }).end()
  client.on('error', () => undefined)
  const [, res] = await arriving
  const services = { calls, now: () => now, phase: () => 'serving' as const }
  const context = { services, res, principal: 'key:ci', waited: 0 } as unknown as RequestContext
  return {
    calls,
    waiting,
    client,
    res,
    pass: (milliseconds: number) => {
      now += milliseconds
      calls.tick()
    },
    wait: <T>(promise: Promise<T>) =>
      waitFor(promise, { context, what: 'a store', waiting, owner: 'ci', ...more }).catch((error: unknown) => error),
  }
}

const never = new Promise<never>(() => undefined)
const outcomeOf = (error: unknown): unknown => (error instanceof Interruption ? error.outcome : error)

test('what is settled in time is what is waited for, and the place is free again', async () => {
  const { wait, waiting, calls } = await arrived()
  const value = wait(Promise.resolve({ there: true }))
  expect([waiting.size, calls.size]).toEqual([1, 1])
  expect(await value).toEqual({ there: true })
  expect([waiting.size, calls.size]).toEqual([0, 0])
})

test('the end of the grace period ends it', async () => {
  const { wait, waiting, calls } = await arrived()
  const ended = wait(never)
  await calls.drain(0)
  expect(outcomeOf(await ended)).toMatchObject({ kind: 'refused', denial: { code: 'ShuttingDown' } })
  expect(waiting.size).toBe(0)
})

test('the end of patience ends it, and names what was waited for', async () => {
  const { wait, pass, waiting } = await arrived()
  const ended = wait(never)
  pass(patience)
  expect(waiting.size).toBe(1)
  pass(1)
  expect(await ended).toEqual(new Error('a store did not answer within 10 s'))
})

test('many waits of one request together have an end, too', async () => {
  const { wait, pass, waiting } = await arrived()
  for (let waited = 0; waited < patienceForAll; waited += patience) {
    const gate = Promise.withResolvers<string>()
    const value = wait(gate.promise)
    pass(patience)
    gate.resolve('there')
    expect(await value).toBe('there')
  }
  const last = wait(never)
  pass(1)
  expect(await last).toEqual(new Error('the request has waited for 30 s, the last time for a store'))
  expect(waiting.size).toBe(0)
})

test('a client that leaves ends it, and one that has left is not waited for', async () => {
  const { wait, client, res, waiting } = await arrived()
  const ended = wait(never)
  client.destroy()
  expect(outcomeOf(await ended)).toEqual({ kind: 'left', unread: false })
  expect(res.destroyed).toBe(true)
  expect(outcomeOf(await wait(never))).toEqual({ kind: 'left', unread: false })
  expect([waiting.size, res.listenerCount('close')]).toEqual([0, 0])
})

test('a reload ends it when the configuration of now refuses the request', async () => {
  let denial: { readonly stage: string; readonly code: 'KeyRevoked' } | undefined
  const { wait, calls } = await arrived({ refusal: () => denial })
  const ended = wait(never)
  calls.reauthorize()
  expect(calls.size).toBe(1)
  denial = { stage: 'authenticate', code: 'KeyRevoked' }
  calls.reauthorize()
  expect(outcomeOf(await ended)).toEqual({ kind: 'refused', denial })
})

test('without a place nothing is waited for', async () => {
  const { wait } = await arrived()
  void wait(never)
  void wait(never)
  const third = await wait(Promise.reject(new Error('told to no one')))
  expect(outcomeOf(third)).toMatchObject({ kind: 'refused', denial: { code: 'Busy' } })
})

test('a promise that is never kept holds nothing of a request that is over', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const kept = new Promise<never>(() => undefined)
  const waited = async (): Promise<WeakRef<RequestContext>> => {
    let now = 0
    const services = { calls: new OpenCalls(() => now), now: () => now, phase: () => 'serving' as const }
    const res = new ServerResponse(new IncomingMessage(new Socket()))
    const context = { services, res, principal: 'key:ci' } as unknown as RequestContext
    const waiting = new WaitingRequests({ most: 1, mostPerOwner: 1 })
    const ended = waitFor(kept, { context, what: 'a store', waiting, owner: 'ci' }).catch(() => undefined)
    now = patience + 1
    services.calls.tick()
    await ended
    return new WeakRef(context)
  }
  const context = await waited()
  // What a WeakRef was made for lives until the turn is over.
  await new Promise(setImmediate)
  collect()
  expect(context.deref() === undefined).toBe(true)
  expect(kept).toBeInstanceOf(Promise)
})
