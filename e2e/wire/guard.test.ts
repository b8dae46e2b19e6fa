import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drainToken, operatorToken, statusKey, withdrawalKey } from '../../gateway/config/guard.ts'
import type { GuardKeys } from '../../operator/secrets/guard-secrets.ts'
import type { KeysFile } from '../../gateway/config/index.ts'
import { askReport } from '../../operator/gateways/report.ts'
import { discard, keysFile, testConfig, testKey } from './gateway.ts'
import { guardFiles, podServer, startPod, type Pod } from './pod.ts'
import { send } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const alice = testKey('alice')
const [first, second, third, fourth] = Array.from({ length: 4 }, () => randomBytes(32)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
]
const scratch = mkdtempSync(join(tmpdir(), 'bartizan-certificates-'))
let upstream: ScriptedUpstream
let pod: Pod

/** A self-signed certificate as a Secret of type kubernetes.io/tls holds it. */
function certificate(name: string): Record<string, Buffer> {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const files = ['-keyout', join(scratch, 'key'), '-out', join(scratch, 'crt')]
  execFileSync('openssl', ['req', '-x509', ...curve, '-subj', `/CN=${name}`, ...files], { stdio: 'ignore' })
  return { 'tls.crt': readFileSync(join(scratch, 'crt')), 'tls.key': readFileSync(join(scratch, 'key')) }
}

const config = (keys: KeysFile) => ({
  'gateway.1.json': JSON.stringify(testConfig([podServer(upstream.url)], { hosts: ['127.0.0.1'] })),
  'keys.1.json': JSON.stringify(keys),
})

const keysOf = (guard: Buffer): GuardKeys => ({
  operator: operatorToken(guard),
  drain: drainToken(guard),
  status: statusKey(guard),
  withdrawal: withdrawalKey(guard),
})

const ask = async (): Promise<number> =>
  (await send(pod.url, { method: 'GET', path: '/mcp/one', key: alice.secret })).status

beforeAll(async () => {
  upstream = await scriptedUpstream()
  pod = await startPod({
    name: 'guard',
    guards: [first],
    config: config(keysFile(alice)),
  })
})

afterAll(async () => {
  await pod.stop()
  await upstream.stop()
  discard(pod)
  rmSync(scratch, { recursive: true })
})

test('while the guard is rotated the tokens of both are valid, and afterwards only the new one’s', async () => {
  pod.mount('guard', guardFiles([second, first]))
  await pod.logged('configuration applied')
  expect(await pod.report(first)).toHaveProperty('report')
  expect(await pod.report(second)).toHaveProperty('report')
  pod.mount('guard', guardFiles([third, second]))
  await pod.logged('configuration applied')
  expect(await pod.report(first)).toEqual({ error: 'not a signed report' })
  expect(await pod.report(second)).toHaveProperty('report')
  expect((await pod.admin('/-/drain', { 'x-bartizan-drain': drainToken(first) })).status).toBe(403)
})

test('an operator that knows both is answered before and after the gateway has the new one', async () => {
  const reporter = {
    ip: '127.0.0.1',
    port: Number(new URL(pod.adminUrl).port),
    uid: 'pod-uid',
    keys: { ...keysOf(fourth), previous: keysOf(third) },
  }
  const { signal } = new AbortController()
  const ran = expect.objectContaining({ ok: true }) as unknown
  expect(await askReport(reporter, signal)).toEqual({ report: ran, token: operatorToken(third) })
  pod.mount('guard', guardFiles([fourth, third]))
  await pod.logged('configuration applied')
  expect(await askReport(reporter, signal)).toEqual({ report: ran, token: operatorToken(fourth) })
  const stranger = { ...reporter, keys: { ...keysOf(first), previous: keysOf(second) } }
  expect(await askReport(stranger, signal)).toMatchObject({ unauthorized: true, report: { error: expect.anything() } })
})

test('a guard that was cut short leaves the old one in force, and keys are revoked all the same', async () => {
  pod.mount('guard', { guard: Buffer.alloc(8) })
  await pod.logged('guard secret could not be read, the one before holds', 'holds 8 bytes instead of 32')
  expect(await pod.report(fourth)).toHaveProperty('report')
  expect(await ask()).not.toBe(401)
  pod.mount('config', config(keysFile()))
  await pod.logged('configuration applied')
  expect(await ask()).toBe(401)
})

test('without its guard a gateway in a pod does not start, and makes none up', async () => {
  const started = startPod({ name: 'no guard', guards: [Buffer.alloc(3)], config: config(keysFile(alice)) })
  await expect(started).rejects.toThrow('holds 3 bytes instead of 32')
})

test('the swap of a TLS Secret rotates the certificate of the client port', async () => {
  const tls = certificate('first.example')
  const guarded = await startPod({
    name: 'tls swap',
    guards: [first],
    tls,
    config: folder => {
      const names = { cert: { file: join(folder, 'tls/tls.crt') }, key: { file: join(folder, 'tls/tls.key') } }
      return {
        'gateway.1.json': JSON.stringify(testConfig([podServer(upstream.url)], { tls: names })),
        'keys.1.json': JSON.stringify(keysFile(alice)),
      }
    },
  })
  const shown = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: guarded.port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().subject.CN)
        socket.destroy()
      })
      socket.on('error', reject)
    })
  expect(await shown()).toBe('first.example')
  guarded.mount('tls', certificate('second.example'))
  await guarded.logged('configuration applied')
  expect(await shown()).toBe('second.example')
  await guarded.stop()
  discard(guarded)
})
