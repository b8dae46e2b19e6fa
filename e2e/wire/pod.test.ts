import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drainToken, operatorToken } from '../../gateway/config/guard.ts'
import { bind } from '../../gateway/http/bind.ts'
import { Connections } from '../../gateway/http/connections.ts'
import { pagesServer } from '../../gateway/listen.ts'
import { discard, keysFile, testConfig, testKey } from './gateway.ts'
import { podServer, startPod, type Pod } from './pod.ts'
import { startProcess } from './process.ts'
import { callTool, send, type Sending } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const alice = testKey('alice')
const guard = randomBytes(32)
let upstream: ScriptedUpstream
let pod: Pod

const files = (url: string) => ({
  'gateway.1.json': JSON.stringify(testConfig([podServer(url)], { hosts: ['weather.example'] })),
  'keys.1.json': JSON.stringify(keysFile(alice)),
})

beforeAll(async () => {
  upstream = await scriptedUpstream()
  pod = await startPod({
    name: 'pod',
    guards: [guard],
    config: files(upstream.url),
    args: ['--drain-settle', '50ms', '--drain-grace', '1500ms'],
  })
})

afterAll(async () => {
  await pod.stop()
  await upstream.stop()
  discard(pod)
})

/** What a server says that shares the pod's network with its guard: over loopback of both families, and over the address of the pod. */
const doors = (port: number | string): string[] => [
  `http://127.0.0.1:${port}`,
  `http://[::1]:${port}`,
  ...Object.values(networkInterfaces())
    .flatMap(one => one ?? [])
    .filter(({ internal, scopeid }) => !internal && !scopeid)
    .map(({ address, family }) => `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`),
]

/** What a proxy would add, were there one that is trusted. */
const forged = {
  'x-forwarded-for': '127.0.0.1',
  'x-real-ip': '127.0.0.1',
  forwarded: 'for=127.0.0.1;host=weather.example',
  'x-forwarded-host': 'weather.example',
  'x-forwarded-proto': 'https',
  'x-forwarded-user': 'system:operator',
}

test('every port is bound in both address families', async () => {
  expect(pod.urls.map(url => url.replace(/(?<!\d)\d+$/, ''))).toEqual(['http://0.0.0.0:', 'http://[::]:'])
  for (const base of [...doors(new URL(pod.adminUrl).port), ...doors(new URL(pod.metricsUrl).port)]) {
    const path = base.endsWith(`:${new URL(pod.adminUrl).port}`) ? '/-/livez' : '/metrics'
    expect([base, (await fetch(base + path)).status]).toEqual([base, 200])
  }
})

test('whoever calls over loopback or the address of the pod is a stranger: no status, no drain, no call', async () => {
  const before = upstream.seen.length
  const secrets = [guard.toString('base64url'), operatorToken(guard), drainToken(guard)]
  for (const base of doors(new URL(pod.adminUrl).port)) {
    expect([base, (await fetch(`${base}/-/status`, { headers: forged })).status]).toEqual([base, 401])
    expect([base, (await fetch(`${base}/-/drain`, { headers: forged })).status]).toEqual([base, 401])
    const drain = { ...forged, 'x-bartizan-drain': operatorToken(guard) }
    expect([base, (await fetch(`${base}/-/drain`, { headers: drain })).status]).toEqual([base, 403])
  }
  for (const base of doors(pod.port)) {
    const call: Sending = { ...callTool('t', 1) }
    const named = { ...call, headers: { ...call.headers, ...forged, host: 'weather.example' } }
    expect([base, (await send(base, named)).status]).toEqual([base, 401])
    const unnamed = { ...call, headers: { ...call.headers, ...forged } }
    expect([base, (await send(base, { ...unnamed, key: alice.secret })).status]).toEqual([base, 403])
    for (const path of ['/-/status', '/-/drain', '/-/readyz', '/metrics'])
      expect([base, (await send(base, { ...named, method: 'GET', path })).status]).toEqual([base, 404])
  }
  for (const base of doors(new URL(pod.metricsUrl).port)) {
    const text = await (await fetch(`${base}/metrics`, { headers: forged })).text()
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect((await fetch(`${base}/-/status`)).status).toBe(404)
  }
  expect(upstream.seen.slice(before).filter(({ body }) => !body.includes('bartizan-health'))).toEqual([])
})

test('an address that a header claims stands nowhere', async () => {
  const call = callTool('t', 'claimed')
  const headers = { ...call.headers, host: 'weather.example', 'x-forwarded-for': '203.0.113.7' }
  expect((await send(pod.url, { ...call, key: alice.secret, headers })).status).toBe(200)
  await expect
    .poll(() => pod.audit().filter(({ verdict, tool }) => verdict === 'allow' && tool === 't'))
    .not.toEqual([])
  expect(JSON.stringify(pod.audit())).not.toContain('203.0.113.7')
  expect(JSON.stringify(upstream.seen.at(-1)!.headers)).not.toContain('203.0.113.7')
})

test('the pod is ready only while its server answers, though nobody wrote a health check', async () => {
  await expect.poll(async () => (await pod.admin('/-/readyz')).text).toBe('ok')
  const absent = await startPod({ name: 'absent server', guards: [guard], config: files('http://127.0.0.1:1/mcp') })
  expect((await absent.admin('/-/livez')).status).toBe(200)
  expect(await absent.admin('/-/readyz')).toEqual({ status: 503, text: 'unhealthy: one' })
  absent.mount('config', files(upstream.url))
  await expect.poll(async () => (await absent.admin('/-/readyz')).status).toBe(200)
  await absent.stop()
  discard(absent)
})

test('drained by the hook, the process serves again when nothing ends it', async () => {
  expect((await pod.admin('/-/drain', { 'x-bartizan-drain': drainToken(guard) })).status).toBe(200)
  expect((await pod.admin('/-/readyz')).text).toBe('drained')
  await pod.logged('serving again after a drain')
  expect((await pod.admin('/-/readyz')).status).toBe(200)
})

test('a port that somebody has in one address family only is no place to start', async () => {
  for (const host of ['127.0.0.1', '::1']) {
    const thief = createServer().listen({ host, port: 0 })
    await once(thief, 'listening')
    const { port } = thief.address() as { port: number }
    const args = [
      '--pod',
      '--listen',
      `:${port}`,
      '--admin',
      ':0',
      '--metrics',
      ':0',
      '--config',
      `${pod.folder}/config`,
    ]
    const started = startProcess({ args, state: `${pod.folder}/other-${port}`, name: 'port taken' })
    await expect(started).rejects.toThrow(/EADDRINUSE.*\d+/)
    thief.close()
  }
})

test('where an address family does not exist the other is served, and that is said', async () => {
  const warned: unknown[] = []
  const log = { info: () => undefined, error: () => undefined, warn: (event: string) => void warned.push(event) }
  const places = new Connections(
    () => ({ most: 9, mostPerIp: 9 }),
    () => undefined,
  )
  const make = () => pagesServer((_, res) => void res.end('ok'), places)
  // An address that no interface has fails as "::" does on a node without IPv6.
  const endpoints = [
    { host: '127.0.0.1', port: 0 },
    { host: '2001:db8::1', port: 0, optional: true as const },
  ]
  const bound = await bind(endpoints, make, { log })
  expect(bound.urls).toHaveLength(1)
  expect(warned).toHaveLength(1)
  expect((await fetch(bound.urls[0]!)).status).toBe(200)
  await bound.stop()
  await expect(bind([{ host: '2001:db8::1', port: 0 }], make, { log })).rejects.toThrow('EADDRNOTAVAIL')
})
