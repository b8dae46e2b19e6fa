import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from './in-process.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from './upstream.ts'

const caller = testKey('caller')
const folder = mkdtempSync(join(tmpdir(), 'bartizan-tls-'))
let upstream: ScriptedUpstream
let gateway: Played

/** A self-signed certificate under the name that stands in it. */
function certificate(name: string): void {
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  ]
  execFileSync('openssl', [...args, '-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')], {
    stdio: 'ignore',
  })
}

const config = () =>
  testConfig([testServer('one', upstream.url)], { tls: { cert: { file: 'tls.crt' }, key: { file: 'tls.key' } } })
const texts = () => ({ gateway: JSON.stringify(config()), keys: JSON.stringify(keysFile(caller)) })

beforeAll(async () => {
  certificate('first.example')
  upstream = await scriptedUpstream(emptyResult)
  gateway = await playedGateway(config(), keysFile(caller), { readSecret: file => readFileSync(join(folder, file)) })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  rmSync(folder, { recursive: true })
})

/** Calls over TLS; the status and the name in the certificate that was shown. */
const call = (): Promise<{ status: number | undefined; name: string }> =>
  new Promise((resolve, reject) => {
    const headers = {
      'x-api-key': caller.secret,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    const req = request(
      `${gateway.url}/mcp`,
      { method: 'POST', headers, agent: false, rejectUnauthorized: false },
      res => {
        res.resume()
        resolve({ status: res.statusCode, name: String((res.socket as TLSSocket).getPeerCertificate().subject.CN) })
      },
    )
    req.on('error', reject)
    req.end('{"jsonrpc":"2.0","id":1,"method":"ping"}')
  })

test('with a certificate the client port speaks TLS and nothing else', async () => {
  expect(gateway.url).toMatch(/^https:/)
  expect(await call()).toEqual({ status: 200, name: 'first.example' })
  await expect(fetch(gateway.url.replace('https', 'http'))).rejects.toThrow('fetch failed')
})

test('a certificate is rotated without a restart, and without a change of the configuration', async () => {
  certificate('second.example')
  expect(gateway.apply(texts()).issues).toEqual([])
  expect(await call()).toEqual({ status: 200, name: 'second.example' })
})

test('a certificate that cannot be read is refused with the reason, and the last good one stays', async () => {
  const other = { ...texts(), gateway: texts().gateway.replace('tls.crt', 'absent.crt') }
  const { issues } = gateway.apply(other)
  expect(issues[0]?.message).toContain('absent.crt')
  expect(await call()).toEqual({ status: 200, name: 'second.example' })
})
