import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configurationHash, keysHash } from '../../gateway/config/hash.ts'
import { discard, keysFile, testConfig, testKey } from './gateway.ts'
import { podServer, startPod, type Pod } from './pod.ts'
import { callTool, send } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const alice = testKey('alice')
const bob = testKey('bob')
let upstream: ScriptedUpstream
let pod: Pod

const config = (more = {}) => testConfig([podServer(upstream.url)], { hosts: ['127.0.0.1'], ...more })
const both = keysFile(alice, bob)

beforeAll(async () => {
  upstream = await scriptedUpstream()
  pod = await startPod({
    name: 'renderings',
    guards: [randomBytes(32)],
    config: {
      'gateway.1.json': JSON.stringify(config()),
      'gateway.2.json': 'of a schema to come',
      'keys.1.json': JSON.stringify(both),
      // What has a number wins over what has none.
      'gateway.json': 'not read',
    },
  })
})

afterAll(async () => {
  await pod.stop()
  await upstream.stop()
  discard(pod)
})

const statusOf = async (key: string, tool = 't'): Promise<number> =>
  (await send(pod.url, { key, ...callTool(tool, 1) })).status

test('of several renderings the highest is read that this gateway knows', async () => {
  expect(await statusOf(alice.secret)).toBe(200)
  expect(await pod.report()).toMatchObject({
    report: {
      schema: 1,
      hash: configurationHash(config(), both),
      keysHash: keysHash(both),
      instance: 'pod-uid',
      applied: { ok: true, keys: true, issues: [] },
    },
  })
})

test('the swap of a link, as the kubelet does it, is a new configuration', async () => {
  const denied = [
    podServer(upstream.url, {
      tools: { policy: { mode: 'allowlist', allowedTools: [] }, dangerousPatterns: [], approved: [] },
    }),
  ]
  pod.mount('config', {
    'gateway.1.json': JSON.stringify(testConfig(denied, { hosts: ['127.0.0.1'] })),
    'keys.1.json': JSON.stringify(both),
  })
  await pod.logged('configuration applied')
  expect(await statusOf(alice.secret)).toBe(403)
  pod.mount('config', { 'gateway.1.json': JSON.stringify(config()), 'keys.1.json': JSON.stringify(both) })
  await pod.logged('configuration applied')
  expect(await statusOf(alice.secret)).toBe(200)
})

test('policies that come only in numbers to come leave the old ones in force, keys are applied, and the report says both', async () => {
  const keys = keysFile(alice)
  pod.mount('config', { 'gateway.2.json': '{}', 'gateway.3.json': '{}', 'keys.1.json': JSON.stringify(keys) })
  await pod.logged('configuration refused')
  expect([await statusOf(alice.secret), await statusOf(bob.secret)]).toEqual([200, 401])
  expect(await pod.report()).toMatchObject({
    report: {
      hash: configurationHash(config(), keys),
      keysHash: keysHash(keys),
      applied: {
        ok: false,
        keys: true,
        issues: [{ reason: 'GatewayOutdated', message: expect.stringContaining('schema 2, 3') }],
      },
    },
  })
})

test('policies that do not compile leave the last good ones, and the report says which run and why', async () => {
  const twice = testConfig([podServer(upstream.url), podServer(upstream.url)])
  pod.mount('config', { 'gateway.1.json': JSON.stringify(twice), 'keys.1.json': JSON.stringify(both) })
  await pod.logged('configuration refused', 'two servers called one')
  expect(await statusOf(bob.secret)).toBe(200)
  expect(await pod.report()).toMatchObject({
    report: {
      hash: configurationHash(config(), both),
      applied: { ok: false, keys: true, issues: [{ message: 'there are two servers called one' }] },
    },
  })
})

test('keys that cannot be read change nothing, and the report says so', async () => {
  pod.mount('config', { 'gateway.1.json': JSON.stringify(config()), 'keys.1.json': '{' })
  await pod.logged('configuration refused', 'keys.json')
  expect(await statusOf(bob.secret)).toBe(200)
  expect(await pod.report()).toMatchObject({
    report: { keysHash: keysHash(both), applied: { ok: false, keys: false } },
  })
})
