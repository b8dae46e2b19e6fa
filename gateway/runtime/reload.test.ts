import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { keysFile, testConfig, testKey, testServer } from '../../e2e/wire/gateway.ts'
import type { IncomingRequest } from '../auth/incoming-request.ts'
import { isPromise } from '../evaluation/steps.ts'
import type { GatewayConfig, KeysFile } from '../config/index.ts'
import type { Grants, Principal } from '../exchange.ts'
import { compileContext, type CompileContext } from './compile.ts'
import type { ClosableAuthenticator } from './long-lived.ts'
import { providersOf, type Provider } from './providers.ts'
import { reload, reloadKeys, secretsChanged, type ActiveConfiguration } from './reload.ts'

const [alice, bob] = [testKey('alice', { uid: 'u1', generation: 1 }), testKey('bob')]
const now = Date.now()

const everything: Grants = {
  allowsScope: () => true,
  allowsServer: () => true,
  allowsTool: () => true,
  expiresAt: Infinity,
}

/** An authenticator with state of its own, as one with a key set that it has fetched. It lets one token in. */
type Stateful = ClosableAuthenticator & { readonly token: string; started: number; asked: number; closed: number }

function stateful(token: string): Stateful {
  const made: Stateful = {
    name: 'stateful',
    token,
    started: 0,
    asked: 0,
    closed: 0,
    authenticate({ credential }) {
      made.asked += 1
      const identity: Principal = { provider: 'key', subject: token, id: token, grants: everything }
      return credential === token ? { principal: identity, proof: token } : undefined
    },
    revalidate: () => undefined,
    start: () => void (made.started += 1),
    close: () => void (made.closed += 1),
  }
  return made
}

const contexts: CompileContext[] = []
afterEach(async () => {
  await Promise.all(contexts.splice(0).map(({ registry }) => registry.close()))
})

function world(embedded: readonly ClosableAuthenticator[] = []) {
  const secrets = new Map<string, Buffer>()
  let guard = randomBytes(32)
  const compiling = compileContext(
    {
      texts: { gateway: '', keys: '' },
      readSecret(file) {
        const found = secrets.get(file)
        if (!found) throw new Error(`no secret at ${file}`)
        return found
      },
      guard: () => [guard],
      instance: 'test',
      client: [],
      extensions: { authenticators: embedded },
      operator: true,
      audit: { write: () => undefined, stalled: () => false, close: () => Promise.resolve() },
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    },
    ['127.0.0.1'],
  )
  const made: Stateful[] = []
  const provider = (token: string): Provider => ({
    name: 'stateful',
    fingerprint: token,
    isOpen: true,
    make() {
      if (token === 'broken') throw new Error('the provider cannot be made')
      const one = stateful(token)
      made.push(one)
      return one
    },
  })
  /** No field of the configuration makes such a provider yet: `hosts` stands for it. */
  const context: CompileContext = {
    ...compiling,
    providers: (config, keys, from) => [...providersOf(config, keys, from), ...(config.hosts ?? []).map(provider)],
  }
  contexts.push(context)
  return { context, secrets, made, rotateGuard: () => void (guard = randomBytes(32)) }
}

const texts = (config: GatewayConfig, keys: KeysFile = keysFile(alice, bob)) => ({
  gateway: JSON.stringify(config),
  keys: JSON.stringify(keys),
})

const healthCheck = { interval: '1h' }
const config = (more: Partial<GatewayConfig> = {}, ...names: string[]): GatewayConfig =>
  testConfig(
    ['one', ...names].map(name => testServer(name, 'http://127.0.0.1:1/mcp', { healthCheck })),
    { hosts: ['first'], ...more },
  )

/** The first good configuration. */
function started(context: CompileContext, written = config()): ActiveConfiguration {
  const { active, issues } = reload(texts(written), undefined, context)
  expect(issues).toEqual([])
  return active!
}

const codeOf = ({ runtime }: ActiveConfiguration, secret: string): string => {
  const request: Partial<IncomingRequest> = {
    headers: { 'x-api-key': secret },
    credential: secret,
    hasConflict: false,
    now,
  }
  const result = runtime.auth.authenticate(request as IncomingRequest)
  if (isPromise(result)) throw new Error('keys are known at once')
  return 'denied' in result ? result.denied.code : 'admitted'
}

const partsOf = ({ runtime }: ActiveConfiguration) => {
  const { upstream, health, sealer, binder, tasks } = runtime.servers.get('one')!
  return [upstream, health, sealer, binder, tasks]
}

/** Whether two lists hold the very same things. */
const areSame = (some: readonly unknown[], others: readonly unknown[]): boolean[] =>
  some.map((one, at) => one === others[at])

const all = [true, true, true, true, true]

test.each([
  ['no provider but the operator', [], 'NoAuthentication'],
  ['a provider of callers', ['first'], 'Unauthenticated'],
])('without API keys, %s answers a stranger', (_, hosts, code) => {
  const { context } = world()
  const { active } = reload(texts(config({ hosts }), keysFile()), undefined, context)
  expect(codeOf(active!, 'unknown')).toBe(code)
})

describe('a reload', () => {
  test('starts an authenticator once it is in force, and none of a configuration that is refused', () => {
    const { context, made } = world()
    const before = started(context)
    const { active } = reload(texts(config({ hosts: ['second', 'broken'] })), before, context)
    reload(texts(config({}, 'two'), keysFile(bob)), active, context)
    expect(made.map(({ token, started, closed }) => [token, started, closed])).toEqual([
      ['first', 1, 0],
      ['second', 0, 1],
    ])
  })

  test('of policies keeps what did not change: upstream, health probe, seals, and every authenticator', () => {
    const { context, made } = world()
    const before = started(context)
    const { active } = reload(texts(config({ publicUrl: 'https://tools.example' })), before, context)
    expect(active!.runtime.servers.get('one')).not.toBe(before.runtime.servers.get('one'))
    expect(areSame(partsOf(active!), partsOf(before))).toEqual(all)
    expect([codeOf(active!, alice.secret), codeOf(active!, 'first')]).toEqual(['admitted', 'admitted'])
    expect(made).toMatchObject([{ asked: 1, closed: 0 }])
  })

  test('of keys keeps the authenticators of other providers', () => {
    const { context, made } = world()
    const before = started(context)
    const { active } = reload(texts(config(), keysFile(bob)), before, context)
    expect([codeOf(active!, alice.secret), codeOf(active!, bob.secret)]).toEqual(['Unauthenticated', 'admitted'])
    expect(made).toMatchObject([{ asked: 1, closed: 0 }])
  })

  test('asks each of two authenticators that are called the same, and closes both at the end', async () => {
    const embedded = [stateful('of one issuer'), stateful('of another')]
    const { context } = world(embedded)
    const before = started(context)
    const { active } = reload(texts(config({}, 'two')), before, context)
    expect(['of one issuer', 'of another'].map(token => codeOf(active!, token))).toEqual(['admitted', 'admitted'])
    await context.registry.close()
    expect(embedded.map(({ closed }) => closed)).toEqual([1, 1])
  })

  test('that changes a provider closes its former authenticator and keeps those of others', () => {
    const { context, made } = world()
    const before = started(context, config({ hosts: ['first', 'other'] }))
    const { active } = reload(texts(config({ hosts: ['second', 'other'] })), before, context)
    expect(['first', 'second', 'other'].map(token => codeOf(active!, token))).toEqual([
      'Unauthenticated',
      'admitted',
      'admitted',
    ])
    expect(made.map(({ token, closed }) => [token, closed])).toEqual([
      ['first', 1],
      ['other', 0],
      ['second', 0],
    ])
  })

  test('that does not compile is rolled back: what was made for it is closed, what runs stays, and its keys are applied', () => {
    const { context, made } = world()
    const before = started(context)
    const refused = texts(config({ hosts: ['second', 'broken'] }, 'two'), keysFile(bob))
    const { active, issues, keysRead } = reload(refused, before, context)
    expect([issues, keysRead]).toEqual([[{ path: 'gateway.json: ', message: 'the provider cannot be made' }], true])
    expect(active!.config).toBe(before.config)
    expect(areSame(partsOf(active!), partsOf(before))).toEqual(all)
    expect([alice.secret, bob.secret, 'first'].map(key => codeOf(active!, key))).toEqual([
      'Unauthenticated',
      'admitted',
      'admitted',
    ])
    expect(made.map(({ token, closed }) => [token, closed])).toEqual([
      ['first', 0],
      ['second', 1],
    ])
  })

  test.each([
    ['that is no JSON', '{'],
    ['that contradicts itself', JSON.stringify(config({}, 'one'))],
    ['that could not be read', { path: '', message: 'too new' }],
  ])('of policies %s makes nothing', (_, gateway) => {
    const { context, made } = world()
    const before = started(context)
    const { active, issues } = reload({ ...texts(config()), gateway }, before, context)
    expect([active!.config === before.config, issues.length, made.length]).toEqual([true, 1, 1])
  })

  test('with keys that cannot be read applies the policies and keeps the last good keys', () => {
    const { context } = world()
    const before = started(context)
    const { active, issues, keysRead } = reload({ ...texts(config({}, 'two')), keys: '{' }, before, context)
    expect([active!.runtime.servers.size, issues.length, keysRead]).toEqual([2, 1, false])
    expect(codeOf(active!, alice.secret)).toBe('admitted')
  })

  test('that was never good lets no caller in and leaves nothing open', () => {
    const { context, made } = world()
    const { active, issues } = reload(texts(config({ hosts: ['first', 'broken'] })), undefined, context)
    expect([active, issues.length]).toEqual([undefined, 1])
    expect(made).toMatchObject([{ closed: 1 }])
  })
})

test('a withdrawal takes its key, and leaves everything else of what is in force as it is', () => {
  const { context, made } = world()
  const before = started(context)
  context.withdrawn.note([{ uid: 'u1' }])
  const after = reloadKeys(before, before.keys, context)
  expect([alice.secret, bob.secret, 'first'].map(key => codeOf(after, key))).toEqual([
    'KeyRevoked',
    'admitted',
    'admitted',
  ])
  expect(after.runtime.servers).toBe(before.runtime.servers)
  const { active } = reload(texts(config({}, 'two')), after, context)
  expect(codeOf(active!, alice.secret)).toBe('KeyRevoked')
  expect(areSame(partsOf(active!), partsOf(before))).toEqual(all)
  expect(made).toMatchObject([{ asked: 1, closed: 0 }])
})

const principal: Principal = { provider: 'key', subject: 'alice', id: 'alice', grants: everything }

test('a rotated guard ends the seals, and what was seen of tasks stays', () => {
  const { context, rotateGuard } = world()
  const before = started(context)
  before.runtime.servers.get('one')!.tasks.note(principal, { id: 'task', tool: 'slow' })
  expect(secretsChanged(before, context)).toBe(false)
  rotateGuard()
  expect(secretsChanged(before, context)).toBe(true)
  const { active } = reload(texts(config()), before, context)
  expect(areSame(partsOf(active!), partsOf(before))).toEqual([true, true, false, false, false])
  expect(active!.runtime.servers.get('one')!.tasks.seen(principal, 'task')).toMatchObject({ tool: 'slow' })
  expect(secretsChanged(active!, context)).toBe(false)
})

describe('a certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-reload-'))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const tls = { cert: { file: 'crt' }, key: { file: 'key' } }

  /** A self-signed certificate and its key. */
  function certificate(): readonly [cert: Buffer, key: Buffer] {
    const files = ['-keyout', join(folder, 'key'), '-out', join(folder, 'crt')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    execFileSync('openssl', ['req', '-x509', ...curve, '-subj', '/CN=test.example', ...files], { stdio: 'ignore' })
    return [readFileSync(join(folder, 'crt')), readFileSync(join(folder, 'key'))]
  }

  test('that does not fit its key is refused before anything is swapped, at every look', () => {
    const { context, secrets } = world()
    const [[cert, key], [otherCert]] = [certificate(), certificate()]
    secrets.set('crt', cert).set('key', key)
    const before = started(context, config({ tls }))
    secrets.set('crt', otherCert)
    expect(secretsChanged(before, context)).toBe(true)
    const { active, issues } = reload(texts(config({ tls }, 'two')), before, context)
    expect(issues).toMatchObject([{ path: 'gateway.json: ', message: expect.stringMatching(/key values mismatch/i) }])
    expect([active!.tls, active!.runtime.servers.size]).toEqual([before.tls, 1])
    expect(secretsChanged(active!, context)).toBe(true)
  })
})
