import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { requestBytes } from './flood.ts'
import { dial, received, statuses } from '../../hack/testing/raw-http.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

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

const encrypted = (port: number): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => resolve(socket))
    socket.on('error', reject)
  })

test('over TLS, too, a connection has one request at a time, and whoever does not end their handshake makes way', async () => {
  const small = await playedGateway({ ...config(), limits: { maxConnections: 16 } }, keysFile(caller), {
    readSecret: file => readFileSync(join(folder, file)),
  })
  const port = Number(new URL(small.url).port)
  const silent = [
    ...(await Promise.all(Array.from({ length: 40 }, () => dial(port)))),
    ...(await Promise.all(Array.from({ length: 16 }, () => encrypted(port)))),
  ]
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
  const ping = requestBytes(
    'POST /mcp HTTP/1.1',
    {
      Host: '127.0.0.1',
      'X-API-Key': caller.secret,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'Content-Length': String(body.length),
    },
    body,
  )
  const socket = await encrypted(port)
  const one = received(socket, text => text.includes('"result"'))
  socket.write(ping)
  expect(statuses(await one)).toEqual([200])
  const before = upstream.seen.length
  const heard = received(socket)
  socket.write(ping.repeat(50))
  expect(statuses(await heard)).toEqual([200])
  expect(upstream.seen.length - before).toBe(1)
  const metrics = await (await fetch(`${small.metricsUrl}/metrics`)).text()
  expect(Number(/^bartizan_open_connections (\d+)$/m.exec(metrics)?.[1])).toBeLessThanOrEqual(16)
  for (const one of silent) one.destroy()
  await small.stop()
})
