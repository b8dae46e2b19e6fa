import { scriptedUpstream, type Respond, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'
import { afterEach, expect, test } from 'vitest'
import { withdrawalKey } from '../../gateway/config/guard.ts'
import { podPorts } from '../../gateway/config/ports.ts'
import { isSigned, readWithdrawals, signatureHeader, type Withdrawal } from '../../gateway/config/withdrawal.ts'
import type { Caches } from '../cache/caches.ts'
import type { ServerState } from '../plan/server-state.ts'
import type { GuardSecrets } from '../secrets/guard-secrets.ts'
import { MetricsRegistry } from '../kit/metrics.ts'
import { ManualClock } from '../../hack/testing/manual-clock.ts'
import { WithdrawalSender } from './withdrawal-sender.ts'

const secret = withdrawalKey(Buffer.alloc(32, 1))
const previous = withdrawalKey(Buffer.alloc(32, 2))
const clock = new ManualClock()
const servers: ScriptedUpstream[] = []
afterEach(() => Promise.all(servers.splice(0).map(server => server.stop())))

/** Something that listens where the gateway of a pod would. */
async function listening(ip: string, respond: Respond): Promise<void> {
  servers.push(await scriptedUpstream(respond, { host: ip, port: podPorts.admin }))
}

function withdrawals(pods: Readonly<Record<string, readonly string[]>>, unknown = '') {
  const metrics = new MetricsRegistry()
  const podOf = (ip: string) => ({ metadata: { uid: ip }, status: { podIP: ip } })
  const caches = { podsOf: (_: string, server: string) => (pods[server] ?? []).map(podOf) }
  const known = (server: string) => ({
    withdrawal: secret,
    ...(server === 'rotating' && { previous: { withdrawal: previous } }),
  })
  const guards = { keys: (_: string, server: string) => (server === unknown ? undefined : known(server)) }
  const states = Object.keys(pods).map(server => ({ namespace: 'a', server }) as ServerState)
  const sender = new WithdrawalSender({
    caches: caches as unknown as Caches,
    guards: guards as unknown as GuardSecrets,
    clock,
    metrics,
  })
  const counted = (): string[] =>
    metrics
      .text()
      .split('\n')
      .filter(line => line.startsWith('bartizan_key_withdrawals_total'))
      .map(line => line.replace('bartizan_key_withdrawals_total', ''))
      .toSorted()
  return { tell: (all: readonly Withdrawal[]) => sender.send(states, all), counted }
}

test('every gateway of every server gets the message, signed, and no token', async () => {
  const heard = new Map<string, unknown>()
  const hear =
    (ip: string): Respond =>
    ({ method, url, headers, body }, res) => {
      const isOurs = isSigned(body, String(headers[signatureHeader]), [secret])
      heard.set(ip, [method, url, isOurs, readWithdrawals(body), headers.authorization])
      res.end('{}')
    }
  const all = ['127.0.78.1', '127.0.78.2', '127.0.78.3']
  for (const ip of all) await listening(ip, hear(ip))
  const { tell, counted } = withdrawals({ one: all.slice(0, 2), two: all.slice(2) })
  expect(await tell([{ uid: 'gone' }])).toBe(3)
  const message = ['POST', '/-/withdraw', true, [{ uid: 'gone' }], undefined]
  expect(heard).toEqual(new Map(all.map(ip => [ip, message])))
  expect(counted()).toEqual(['{result="taken"} 3'])
})

test('one that knows only the guard secret before is told by that', async () => {
  const heard: boolean[] = []
  await listening('127.0.78.9', ({ headers, body }, res) => {
    const isKnown = isSigned(body, String(headers[signatureHeader]), [previous])
    heard.push(isKnown)
    res.writeHead(isKnown ? 200 : 401).end()
  })
  const { tell, counted } = withdrawals({ rotating: ['127.0.78.9'] })
  await tell([{ uid: 'gone' }])
  expect([heard, counted()]).toEqual([[false, true], ['{result="taken"} 1']])
})

test('one that is not there, refuses, or has no guard secret yet keeps nobody from anything', async () => {
  await listening('127.0.78.4', (_, res) => void res.writeHead(404).end())
  const { tell, counted } = withdrawals({ old: ['127.0.78.4'], absent: ['127.0.78.5'], new: ['127.0.78.6'] }, 'new')
  expect(await tell([{ uid: 'gone' }])).toBeUndefined()
  expect(counted()).toEqual(['{result="refused"} 1', '{result="unreachable"} 1'])
})

test('one that hangs is left behind after a quarter of a second', async () => {
  const asked = Promise.withResolvers<void>()
  await listening('127.0.78.7', () => asked.resolve())
  const { tell, counted } = withdrawals({ frozen: ['127.0.78.7'] })
  let isDone = false
  const done = tell([{ uid: 'gone' }]).then(taken => {
    isDone = true
    return taken
  })
  await asked.promise
  clock.advance(249)
  await new Promise(resolve => setImmediate(resolve))
  expect(isDone).toBe(false)
  clock.advance(1)
  expect(await done).toBeUndefined()
  expect(counted()).toEqual([])
})

test('nothing to tell is not told', async () => {
  const { tell, counted } = withdrawals({ absent: ['127.0.78.8'] })
  expect([await tell([]), counted()]).toEqual([0, []])
})
