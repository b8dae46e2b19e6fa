import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mint } from '../../hack/minted.ts'
import { ApiError } from './api-error.ts'
import { ApiClient, type ClientOptions } from './client.ts'
import { fromKubeconfig, inCluster } from './credentials.ts'
import { FakeApi, refuse, reply, widgets } from './testing/fake-api.ts'
import { ManualClock, until } from '../../hack/testing/manual-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'bartizan-kit-'))
const file = (name: string): string => join(folder, name)

/** A certificate for 127.0.0.1 that is its own authority. */
function certificate(name: string): { cert: string; key: string } {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)]
  execFileSync('openssl', ['req', '-x509', ...curve, ...names, ...files], { stdio: 'ignore' })
  return { cert: readFileSync(file(`${name}.crt`), 'utf8'), key: readFileSync(file(`${name}.key`), 'utf8') }
}

let api: FakeApi
let clock: ManualClock
let client: ApiClient

function make(options: Partial<ClientOptions> = {}): ApiClient {
  client = new ApiClient({ credentials: { server: `http://127.0.0.1:${api.port}` }, clock, ...options })
  return client
}

async function failure(work: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ApiError)) throw new Error(`no ApiError: ${String(error)}`)
  return error
}

const widget = { metadata: { name: 'w' }, spec: {} }

beforeEach(async () => {
  api = await FakeApi.start()
  clock = new ManualClock()
  make()
})
afterEach(async () => {
  await client.close()
  await api.kill()
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a client', () => {
  test('opens at most four connections for 300 calls', async () => {
    api.put('w')
    await Promise.all(Array.from({ length: 300 }, () => client.get(widgets, 'a', 'w')))
    expect(api.asked).toHaveLength(300)
    expect(api.opened).toBeLessThanOrEqual(4)
  })

  test('asks for its lease although every other socket waits for an answer', async () => {
    make({ connections: 1 })
    const held: (() => void)[] = []
    api.fault = (request, response) => {
      if (request.path.includes('lease')) return false
      held.push(() => reply(response, 200, widget))
      return true
    }
    api.put('lease')
    api.put('w')
    const calls = [client.get(widgets, 'a', 'w'), client.get(widgets, 'a', 'w')]
    const told = client.create(widgets, 'a', widget, { lane: 'events' })
    await until(() => held.length === 2)
    expect((await client.get(widgets, 'a', 'lease', { lane: 'lease' })).metadata.name).toBe('lease')
    api.fault = () => false
    for (const answer of held) answer()
    await Promise.all([...calls, told])
  })

  test('still gets calls through while twenty watches are open', async () => {
    const stop = new AbortController()
    const watches = Array.from({ length: 20 }, async () => {
      for await (const _ of client.watch(widgets, { signal: stop.signal })) throw new Error('nothing happens')
    })
    const ended = Promise.allSettled(watches)
    await until(() => api.watches.size === 20)
    await client.apply(widgets, 'a', widget, { manager: 'test' })
    stop.abort()
    await ended
    expect(api.objects.size).toBe(1)
  })

  test('gives the status, reason and wish of a refusal', async () => {
    api.fault = (_, response) => (refuse(response, 429, 'TooManyRequests', { 'retry-after': '3' }), true)
    const error = await failure(client.get(widgets, 'a', 'w'))
    expect([error.status, error.reason, error.retryAfter]).toEqual([429, 'TooManyRequests', 3000])
  })

  test('gives an answer that is no JSON as an error too', async () => {
    api.fault = (_, response) => (response.writeHead(502).end('<html>bad gateway</html>'), true)
    expect((await failure(client.get(widgets, 'a', 'w'))).status).toBe(502)
    api.fault = (_, response) => (response.writeHead(200).end('<html>login</html>'), true)
    expect((await failure(client.get(widgets, 'a', 'w'))).reason).toBe('Unreachable')
  })

  test('gives up a call that nobody answers', async () => {
    api.fault = () => true
    const failed = failure(client.get(widgets, 'a', 'w'))
    await until(() => api.asked.length === 1)
    clock.advance(10_000)
    expect((await failed).reason).toBe('Timeout')
  })

  test('gives up a call whose answer stops half way', async () => {
    api.fault = (_, response) => (response.writeHead(200).write('{"metadata":'), true)
    const failed = failure(client.get(widgets, 'a', 'w'))
    await until(() => api.asked.length === 1)
    clock.advance(10_000)
    expect((await failed).reason).toBe('Timeout')
  })

  test('throws the reason of an abort as it is', async () => {
    api.fault = () => true
    const stop = new AbortController()
    const call = client.get(widgets, 'a', 'w', { signal: stop.signal })
    const reason = new Error('enough')
    await until(() => api.asked.length === 1)
    stop.abort(reason)
    await expect(call).rejects.toBe(reason)
  })

  test('says where what is to be done how', async () => {
    await client.apply(widgets, 'a', widget, { manager: 'm', subresource: 'status', dryRun: true })
    await client.delete(widgets, 'a', 'w', { uid: 'u' }).catch(() => {})
    const [applied, deleted] = api.asked
    expect(applied?.path).toBe('/apis/test.dev/v1/namespaces/a/widgets/w/status')
    expect(Object.fromEntries(applied?.query ?? [])).toEqual({
      fieldManager: 'm',
      force: 'true',
      dryRun: 'All',
      timeout: '10s',
    })
    expect(applied?.body).toEqual({ ...widget, apiVersion: 'test.dev/v1', kind: 'Widget' })
    expect(deleted?.body).toEqual({ propagationPolicy: 'Background', preconditions: { uid: 'u' } })
  })

  test('asks nothing more after it was closed', async () => {
    api.fault = () => true
    const hanging = failure(client.get(widgets, 'a', 'w'))
    await until(() => api.asked.length === 1)
    await client.close()
    expect((await hanging).reason).toBe('Closed')
    expect((await failure(client.get(widgets, 'a', 'w'))).reason).toBe('Closed')
    expect(api.asked).toHaveLength(1)
  })
})

describe('the right to write', () => {
  test('is asked before every write and before no reading', async () => {
    make({ mayWrite: () => false })
    api.put('w')
    await client.get(widgets, 'a', 'w')
    const writes = [
      () => client.apply(widgets, 'a', widget, { manager: 'm' }),
      () => client.create(widgets, 'a', widget),
      () => client.patch(widgets, 'a', 'w', {}, { type: 'merge' }),
      () => client.delete(widgets, 'a', 'w'),
    ]
    for (const write of writes) expect((await failure(write())).reason).toBe('NotLeader')
    expect(api.asked.map(({ method }) => method)).toEqual(['GET'])
  })

  test('is asked again when a socket takes the write, so that none that waited in line slips out', async () => {
    let may = true
    make({ mayWrite: () => may, connections: 1 })
    const held: (() => void)[] = []
    api.fault = (_, response) => {
      held.push(() => reply(response, 200, widget))
      return true
    }
    const write = (): Promise<unknown> => client.apply(widgets, 'a', widget, { manager: 'm' })
    const served = [write(), write()]
    const waiting = failure(write())
    await until(() => held.length === 2)
    may = false
    for (const answer of held) answer()
    await Promise.all(served)
    expect((await waiting).reason).toBe('NotLeader')
    expect([api.opened, api.asked.length, api.broken]).toEqual([2, 2, 0])
  })

  test('is asked once more when the server has the head, and without it the body never goes', async () => {
    let may = true
    make({ mayWrite: () => may })
    await client.apply(widgets, 'a', { metadata: { name: 'before' } }, { manager: 'm' })
    api.waiting = () => (may = false)
    expect((await failure(client.apply(widgets, 'a', widget, { manager: 'm' }))).reason).toBe('NotLeader')
    await until(() => api.broken === 1)
    expect([...api.objects.values()].map(({ metadata }) => metadata.name)).toEqual(['before'])
  })

  test('gives the server no longer for a write than until another may write, from the head on', async () => {
    make({ mayWrite: () => true })
    await client.apply(widgets, 'a', widget, { manager: 'm' })
    await client.apply(widgets, 'a', widget, { manager: 'm', timeout: 700 })
    await client.apply(widgets, 'a', widget, { manager: 'm', ungated: true })
    expect(api.asked.map(({ query }) => query.get('timeout'))).toEqual(['5s', '0.7s', '10s'])
  })

  test('is needed for writes whose refusal comes without that their body was asked for', async () => {
    make({ mayWrite: () => true, connections: 1 })
    api.refusing = true
    const refused = await Promise.all([1, 2, 3].map(() => failure(client.create(widgets, 'a', widget))))
    api.refusing = false
    await client.create(widgets, 'a', widget)
    expect([refused.map(({ status }) => status), api.objects.size]).toEqual([[403, 403, 403], 1])
  })

  test('keeps a write that waits for a socket from outliving its time, its client or its caller', async () => {
    make({ mayWrite: () => true, connections: 1 })
    api.fault = () => true
    const write = (signal?: AbortSignal): Promise<unknown> =>
      client.apply(widgets, 'a', widget, { manager: 'm', ...(signal && { signal }) })
    const late = [failure(write()), failure(write())]
    await until(() => api.asked.length === 2)
    const stop = new AbortController()
    const reason = new Error('enough')
    const aborted = write(stop.signal)
    stop.abort(reason)
    await expect(aborted).rejects.toBe(reason)
    clock.advance(9000)
    const waiting = failure(write())
    clock.advance(1000)
    expect((await Promise.all(late)).map(({ reason }) => reason)).toEqual(['Timeout', 'Timeout'])
    await client.close()
    expect([(await waiting).reason, (await failure(write())).reason]).toEqual(['Closed', 'Closed'])
  })

  test('shares its sockets: 300 writes take eight', async () => {
    make({ mayWrite: () => true })
    const names = Array.from({ length: 300 }, (_, at) => `w${at}`)
    await Promise.all(names.map(name => client.apply(widgets, 'a', { metadata: { name } }, { manager: 'm' })))
    expect([api.objects.size, api.opened]).toEqual([300, 8])
  })

  test('does not bind the lease', async () => {
    make({ mayWrite: () => false })
    await client.create(widgets, 'a', widget, { ungated: true })
    expect(api.objects.size).toBe(1)
  })
})

describe('credentials', () => {
  const [old, fresh] = [mint('token'), mint('token')]

  function withFiles(): ApiClient {
    writeFileSync(file('token'), `${old}\n`)
    return make({ credentials: { server: `http://127.0.0.1:${api.port}`, tokenFile: file('token') } })
  }

  test('are read again after 50 seconds', async () => {
    api.put('w')
    withFiles()
    await client.get(widgets, 'a', 'w')
    writeFileSync(file('token'), fresh)
    clock.advance(49_000)
    await client.get(widgets, 'a', 'w')
    clock.advance(1000)
    await client.get(widgets, 'a', 'w')
    expect(api.asked.map(({ token }) => token)).toEqual([old, old, fresh])
  })

  test('are read again after a 401, and the call is made once more', async () => {
    api.put('w')
    withFiles()
    await client.get(widgets, 'a', 'w')
    writeFileSync(file('token'), fresh)
    api.fault = ({ token }, response) => token === old && (refuse(response, 401, 'Unauthorized'), true)
    await client.get(widgets, 'a', 'w')
    expect(api.asked.map(({ token }) => token)).toEqual([old, old, fresh])
  })

  test('that stay refused are refused, after one more reading', async () => {
    withFiles()
    api.fault = (_, response) => (refuse(response, 401, 'Unauthorized'), true)
    expect((await failure(client.get(widgets, 'a', 'w'))).status).toBe(401)
    expect(api.asked).toHaveLength(1)
  })

  test('whose file is missing for a moment are a failure that passes', async () => {
    api.put('w')
    withFiles()
    rmSync(file('token'))
    expect((await failure(client.get(widgets, 'a', 'w'))).reason).toBe('Unreachable')
    writeFileSync(file('token'), fresh)
    await client.get(widgets, 'a', 'w')
    expect(api.asked.map(({ token }) => token)).toEqual([fresh])
  })

  test('with a CA that changes are followed, and the open watch lives on', async () => {
    const [one, two] = [certificate('one'), certificate('two')]
    const secure = await FakeApi.start(one)
    secure.put('w')
    writeFileSync(file('ca.crt'), one.cert)
    make({ credentials: { server: `https://127.0.0.1:${secure.port}`, caFile: file('ca.crt') } })
    const stop = new AbortController()
    const events: string[] = []
    const watch = (async () => {
      for await (const { object } of client.watch(widgets, { signal: stop.signal }))
        events.push(object.metadata.name ?? '')
    })().catch(() => {})
    await client.get(widgets, 'a', 'w')
    await until(() => secure.watches.size === 1)
    secure.setCertificate(two)
    for (const socket of secure.sockets) if (![...secure.watches].some(open => open.socket === socket)) socket.destroy()
    await client.get(widgets, 'a', 'w').catch(() => {})
    expect((await failure(client.get(widgets, 'a', 'w'))).reason).toBe('Unreachable')
    writeFileSync(file('ca.crt'), two.cert)
    await client.get(widgets, 'a', 'w')
    secure.put('x')
    await until(() => events.length === 1)
    stop.abort()
    await watch
    await client.close()
    await secure.kill()
    expect(events).toEqual(['x'])
  })

  test('of a pod come from its folder, IPv6 in brackets', () => {
    writeFileSync(file('namespace'), 'ns\n')
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
    expect(inCluster(environment, folder)).toEqual({
      server: 'https://[fd00::1]:443',
      caFile: file('ca.crt'),
      tokenFile: file('token'),
      namespace: 'ns',
    })
    expect(() => inCluster({}, folder)).toThrow('this is no pod')
  })

  const kubeconfig = (cluster: object, user: object): string =>
    JSON.stringify({
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      clusters: [{ name: 'k', cluster: { server: 'https://k', ...cluster } }],
      users: [{ name: 'u', user }],
    })

  test('of a kubeconfig are those of its current context', () => {
    const ca = Buffer.from('CA').toString('base64')
    const config = kubeconfig({ 'certificate-authority-data': ca }, { token: 'not-a-secret' })
    expect(fromKubeconfig(config)).toEqual({ server: 'https://k', ca: 'CA', token: 'not-a-secret' })
  })

  test.each([
    ['insecure-skip-tls-verify', { 'insecure-skip-tls-verify': true }, {}],
    ['exec', {}, { exec: { command: 'sh' } }],
  ])('of a kubeconfig that says %s are refused', (word, cluster, user) => {
    expect(() => fromKubeconfig(kubeconfig(cluster, user))).toThrow(word)
  })
})
