import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { IncomingRequest } from './incoming-request.ts'

const folder = mkdtempSync(join(tmpdir(), 'bartizan-certificate-'))
const key = join(folder, 'key.pem')
const certificate = join(folder, 'cert.pem')
const pair = () => ({ key: readFileSync(key), cert: readFileSync(certificate) })

beforeAll(() => {
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', [...made, '-subj', '/CN=agent', '-keyout', key, '-out', certificate], { stdio: 'ignore' })
})

afterAll(() => rmSync(folder, { recursive: true }))

/** What a request looks like on a port that asks for certificates. */
async function seen(client: object): Promise<{ subject: string | undefined; local: string | undefined }> {
  const server = createServer({ ...pair(), requestCert: true, rejectUnauthorized: false })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const arrived = once(server, 'request') as Promise<[IncomingMessage]>
  const sent = request({ host: '127.0.0.1', port, rejectUnauthorized: false, agent: false, ...client }).end()
  sent.on('error', () => undefined)
  const [req] = await arrived
  const incoming = new IncomingRequest(req, 0)
  const found = { subject: incoming.certificate?.subject, local: incoming.localAddress }
  server.closeAllConnections()
  server.close()
  return found
}

test('a request shows the certificate of its client, and none where there is none', async () => {
  expect(await seen(pair())).toEqual({ subject: 'CN=agent', local: '127.0.0.1' })
  expect(await seen({})).toEqual({ subject: undefined, local: '127.0.0.1' })
})
