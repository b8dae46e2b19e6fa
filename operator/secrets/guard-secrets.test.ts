import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { apiVersion } from '../../crds/index.ts'
import { drainToken, operatorToken, statusKey, withdrawalKey } from '../../gateway/config/guard.ts'
import { GuardSecrets, type RefreshHint } from './guard-secrets.ts'
import type { ApiClient } from '../kit/client.ts'
import type { ApiObject } from '../kit/resource.ts'
import { ManualClock } from '../../hack/testing/manual-clock.ts'
import { ownedBy } from '../ownership.ts'
import { managedBy, manager } from '../resources.ts'

const owner = { kind: 'MCPServer', namespace: 'a', name: 'one', uid: 'u' }
const [first, second] = [randomBytes(32), randomBytes(32)]

const nothing: RefreshHint = { isNew: false, isWaiting: false, authored: '' }

/** An API server that holds the guard secret of one server; counts how often it is read. */
function stage() {
  const clock = new ManualClock()
  const metadata = {
    namespace: 'a',
    name: 'one-guard',
    labels: { [managedBy]: manager },
    ownerReferences: ownedBy(owner, apiVersion),
  }
  let secret: ApiObject = { metadata }
  let reads = 0
  const write = (data: Readonly<Record<string, Buffer>>): void => {
    secret = {
      metadata,
      data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value.toString('base64')])),
    }
  }
  const get = (): Promise<ApiObject> => {
    reads++
    return Promise.resolve(secret)
  }
  const guards = new GuardSecrets({ get } as unknown as ApiClient, clock)
  write({ guard: first })
  return {
    clock,
    guards,
    write,
    reads: () => reads,
    ensure: (occasion: Partial<RefreshHint> = {}) => guards.ensure(owner, { ...nothing, ...occasion }),
    keys: () => guards.keys('a', 'one'),
    refusal: () => guards.problem('a', 'one').refusal?.message,
  }
}

const proofsOf = (guard: Buffer) => ({
  operator: operatorToken(guard),
  status: statusKey(guard),
  withdrawal: withdrawalKey(guard),
})
const keysOf = (guard: Buffer) => ({ ...proofsOf(guard), drain: drainToken(guard) })

test('while it is rotated the pods get the token of the new one, and the one before is known, too', async () => {
  const { write, ensure, keys } = stage()
  write({ guard: second, previous: first })
  await ensure()
  expect(keys()).toEqual({ ...keysOf(second), previous: proofsOf(first) })
})

test('it is looked at again after five minutes, and at once when somebody touches the server', async () => {
  const { clock, write, reads, ensure, keys } = stage()
  await ensure()
  write({ guard: second, previous: first })
  clock.advance(299_999)
  await ensure()
  expect([reads(), keys()]).toEqual([1, keysOf(first)])
  await ensure({ authored: 'rotated' })
  expect(keys()).toMatchObject(keysOf(second))
  await ensure({ authored: 'rotated' })
  expect(reads()).toBe(2)
  clock.advance(300_000)
  await ensure({ authored: 'rotated' })
  expect(reads()).toBe(3)
})

test('while a pod has not begun it is looked at every ten seconds', async () => {
  const { clock, reads, ensure } = stage()
  await ensure()
  clock.advance(9999)
  await ensure({ isWaiting: true })
  expect(reads()).toBe(1)
  clock.advance(1)
  await ensure({ isWaiting: true })
  expect(reads()).toBe(2)
})

test('gateways that refuse the token over and over do not put off the next look', async () => {
  const { clock, guards, reads, ensure } = stage()
  await ensure()
  for (let second = 0; second < 10; second++) {
    guards.expire('a', 'one')
    clock.advance(1000)
  }
  await ensure()
  expect(reads()).toBe(2)
})

test.each([
  ['guard', { guard: Buffer.alloc(8) }],
  ['previous', { guard: second, previous: Buffer.alloc(8) }],
])('what no gateway could use under %s is told, and what they go on with is not forgotten', async (key, data) => {
  const { clock, write, ensure, keys, refusal } = stage()
  await ensure()
  write(data)
  await ensure({ authored: 'broken' })
  expect(refusal()).toContain(`its key ${key} does not hold 32 bytes`)
  expect(keys()).toEqual(keysOf(first))
  write({ guard: second, previous: first })
  clock.advance(10_000)
  await ensure({ authored: 'broken' })
  expect([refusal(), keys()]).toMatchObject([undefined, keysOf(second)])
})
