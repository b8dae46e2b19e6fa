import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { connect } from 'node:tls'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bartizan, bartizanRun, type Running } from '../e2e/demo/cli.ts'
import { digestOf } from '../gateway/config/api-key.ts'
import { keep, mint } from '../hack/minted.ts'
import { initializing, openSession, send, type Reply, type Sending } from '../hack/testing/mcp-request.ts'

let root = ''
let files = ''
let state = ''
let running: Running[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'run-'))
  files = join(root, 'files')
  state = join(root, 'state')
  mkdirSync(files)
  running = []
})
afterEach(async () => {
  for (const one of running) {
    await one.stop()
    keep('log', 'bartizan run', one.said())
  }
  if (existsSync(join(state, 'audit.jsonl'))) keep('audit', 'bartizan run', readFileSync(join(state, 'audit.jsonl')))
  rmSync(root, { recursive: true })
})

const write = (name: string, ...documents: string[]): void => writeFileSync(join(files, name), documents.join('---\n'))
const object = (kind: string, name: string, spec: string): string =>
  `apiVersion: mcp.gateway.io/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`
const script = join(import.meta.dirname, 'testdata', 'environment-server.ts')
const server = (more = ''): string =>
  object('MCPServer', 'env', `{command: [${JSON.stringify(process.execPath)}, ${JSON.stringify(script)}]${more}}`)
const key = (name: string, value: string, more = ''): string =>
  object('APIKey', name, `{digests: ["${digestOf(value)}"], allowedServers: ["*"]${more}}`)
const words = (...list: string[]): string =>
  object('GuardrailPolicy', 'words', `{servers: ["*"], input: {forbiddenKeywords: [${list.join(', ')}]}}`)

async function start(env: Record<string, string> = {}, listen = '127.0.0.1:0'): Promise<Running> {
  const one = await bartizanRun(['-f', files, '--state', state, '--listen', listen], env)
  running.push(one)
  return one
}

/** Ends with a usage error instead of starting. */
const refused = (...more: string[]) =>
  bartizan('run', '-f', files, '--state', state, '--listen', '127.0.0.1:0', ...more)

const post = ({ url }: Running, key: string, more: Sending): Promise<Reply> =>
  send(url, { path: '/mcp/env', key, ...more })
const open = (one: Running, key: string): Promise<Reply> => post(one, key, initializing())

/** A whole call of the fixture's tool: the digest of one variable of its environment, and the names of all. */
async function ask(one: Running, value: string, name = 'PATH'): Promise<Reply> {
  const headers = { 'mcp-session-id': await openSession(one.url, { path: '/mcp/env', key: value }) }
  await post(one, value, { headers, body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' })
  const params = { name: 'digest', arguments: { name } }
  return post(one, value, { headers, body: JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params }) })
}

/** Changes the files and waits until that was taken up. */
async function change(one: Running, act: () => unknown): Promise<void> {
  const from = one.said().length
  await act()
  await one.until(/Reloaded/, from)
}

describe('bartizan run', () => {
  test('without a key answers 401 and prints the command that lets somebody in', async () => {
    write('server.yaml', server())
    const one = await start()
    expect((await open(one, mint('api-key'))).status).toBe(401)
    const command = /bartizan (keys create .*)/.exec(one.said())![1]!
    let made = ''
    await change(one, async () => {
      made = (await bartizan(...command.replaceAll("'", '').split(' '))).err
    })
    const value = /btz_\S+/.exec(made)![0]
    expect((await open(one, value)).status).toBe(200)
    expect(await one.stop()).toBe(0)
    expect(one.said()).not.toContain(value)
  })

  test('prints what a client needs', async () => {
    write('server.yaml', server(), key('alice', mint('api-key')))
    const one = await start()
    expect(one.said()).toContain(`${one.url}/mcp/env`)
    expect(one.said()).toContain(`claude mcp add --transport http env ${one.url}/mcp/env`)
    expect(one.said()).toContain('alice: *')
  })

  test('refuses a key from the moment on at which its file says so, and lets the others in', async () => {
    const [alice, bob] = [mint('api-key'), mint('api-key')]
    write('server.yaml', server(), key('alice', alice))
    write('bob.yaml', key('bob', bob))
    const one = await start()
    expect((await open(one, bob)).status).toBe(200)
    await change(one, () => write('bob.yaml', key('bob', bob, ', revoked: true')))
    expect((await open(one, bob)).body).toContain('KeyRevoked')
    expect((await open(one, alice)).status).toBe(200)
    await change(one, () => rmSync(join(files, 'bob.yaml')))
    expect((await open(one, bob)).body).toContain('Unauthenticated')
    expect((await bartizan('audit', 'verify', '--state', state)).code).toBe(0)
  })

  test('has a route for each server from the moment on at which its file is there, never one that is wrong, and none when it goes', async () => {
    const alice = mint('api-key')
    write('server.yaml', server(), key('alice', alice))
    const one = await start()
    const status = async (name: string): Promise<number> =>
      (await send(one.url, { path: `/mcp/${name}`, key: alice, ...initializing() })).status
    expect([await status('env'), await status('new')]).toEqual([200, 404])
    const added = (spec: string): void => write('new.yaml', object('MCPServer', 'new', spec))
    const child = `[${JSON.stringify(process.execPath)}, ${JSON.stringify(script)}]`
    await change(one, () => added(`{command: ${child}, url: "http://127.0.0.1:1/mcp"}`))
    expect(one.said()).toContain('belong to a server that is run here, not to a url')
    expect([await status('env'), await status('new')]).toEqual([200, 503])
    await change(one, () => added(`{command: ${child}}`))
    expect([await status('env'), await status('new')]).toEqual([200, 200])
    await change(one, () => added(`{command: ${child}, url: "http://127.0.0.1:1/mcp"}`))
    expect([await status('env'), await status('new')]).toEqual([200, 200])
    await change(one, () => rmSync(join(files, 'new.yaml')))
    expect([await status('env'), await status('new')]).toEqual([200, 404])
  })

  test('keeps what a broken file held, names the place, and still takes up the others', async () => {
    const [alice, bob] = [mint('api-key'), mint('api-key')]
    write('server.yaml', server(), words('nightingale'))
    write('keys.yaml', key('alice', alice), key('bob', bob))
    const one = await start()
    await change(one, () => write('server.yaml', '{]'))
    expect(one.said()).toMatch(/server\.yaml:1:2 /)
    await change(one, () => write('keys.yaml', key('alice', alice), key('bob', bob, ', revoked: true')))
    expect((await open(one, bob)).body).toContain('KeyRevoked')
    expect((await ask(one, alice, 'PATH')).status).toBe(200)
    expect((await ask(one, alice, 'nightingale')).body).toContain('GuardrailBlocked')
  })

  test('keeps the last policy that compiled, also over a restart', async () => {
    const alice = mint('api-key')
    write('server.yaml', server(), key('alice', alice))
    write('policy.yaml', words('nightingale'))
    const first = await start()
    await change(first, () => write('policy.yaml', words('[wrong]')))
    expect(first.said()).toContain('stays in force')
    expect((await ask(first, alice, 'nightingale')).body).toContain('GuardrailBlocked')
    await first.stop()
    const second = await start()
    expect(second.said()).toContain('the last version that compiled stays in force')
    expect((await ask(second, alice, 'nightingale')).body).toContain('GuardrailBlocked')
    expect((await ask(second, alice, 'PATH')).status).toBe(200)
  })

  test('refuses every call to a server whose policy never compiled', async () => {
    const alice = mint('api-key')
    write('server.yaml', server(), key('alice', alice), words('[wrong]'))
    const one = await start()
    expect(one.said()).toContain('spec.input.forbiddenKeywords[0]')
    expect((await open(one, alice)).body).toContain('ConfigurationRefused')
  })

  test('goes on when nobody reads any more what it prints', async () => {
    const alice = mint('api-key')
    write('server.yaml', server())
    const one = await start()
    one.deafen()
    write('alice.yaml', key('alice', alice))
    const answers = async (): Promise<number> => (await open(one, alice)).status
    await expect.poll(answers, { timeout: 30_000 }).toBe(200)
    expect(await one.stop()).toBe(0)
  })

  test('says of a server with an image what to do', async () => {
    write('server.yaml', server(), object('MCPServer', 'weather', '{image: x}'))
    const one = await start()
    expect(one.said()).toContain('--url weather=http://127.0.0.1:8080/mcp')
    expect(one.said()).toContain('/mcp/weather  (refused, see above)')
  })
})

describe('a secret', () => {
  const use = ', secrets: [{name: s, envVar: TOKEN}]'
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {token: "${CLI_TEST_TOKEN}"}\n'
  const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex')

  test('comes from the environment, reaches the child that names it, and is written nowhere', async () => {
    const [alice, token] = [mint('api-key'), mint('token')]
    write('server.yaml', server(use), secret, key('alice', alice))
    const one = await start({ CLI_TEST_TOKEN: token })
    const { body: text } = await ask(one, alice, 'TOKEN')
    expect(text).toContain(sha256(token))
    // The child has what it was given and what no program can do without, and nothing of the gateway's own environment.
    expect(text).not.toContain('CLI_TEST_TOKEN')
    const title = execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(one.pid)], { encoding: 'utf8' })
    keep('title', 'bartizan run', title)
    expect(title).toContain('bartizan')
    expect(title).not.toContain(token)
    await one.stop()
    const kept = readdirSync(state, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    expect(kept.length).toBeGreaterThan(3)
    for (const entry of kept) expect(readFileSync(join(entry.parentPath, entry.name), 'utf8')).not.toContain(token)
    expect(one.said()).not.toContain(token)
  })

  test('with a new value reaches the next child', async () => {
    const [alice, first, second] = [mint('api-key'), mint('token'), mint('token')]
    const literal = (value: string): string => secret.replace('${CLI_TEST_TOKEN}', value)
    write('server.yaml', server(use), key('alice', alice))
    write('secret.yaml', literal(first))
    const one = await start()
    expect((await ask(one, alice, 'TOKEN')).body).toContain(sha256(first))
    await change(one, () => write('secret.yaml', literal(second)))
    expect((await ask(one, alice, 'TOKEN')).body).toContain(sha256(second))
  })

  test('whose variable is not set keeps everything from starting', async () => {
    write('server.yaml', server(use), secret)
    const { code, err } = await refused()
    expect(code).toBe(1)
    expect(err).toMatch(/server\.yaml:9:21 stringData\.token: the environment variable CLI_TEST_TOKEN is not set/)
    expect(err).toContain('nothing was started')
  })
})

describe('a certificate', () => {
  /** A Secret with a certificate of its own, as cert-manager would write it. */
  function certificate(name: string): string {
    const [pem, secret] = [join(root, 'tls.crt'), join(root, 'tls.key')]
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${name}`,
    ]
    execFileSync('openssl', [...made, '-days', '1', '-keyout', secret, '-out', pem], { stdio: 'ignore' })
    const [crt, key] = [pem, secret].map(file => readFileSync(file).toString('base64'))
    return `apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: {name: cert}\ndata: {tls.crt: ${crt}, tls.key: ${key}}\n`
  }

  /** Who the gateway says to be. */
  async function subject({ url }: Running): Promise<unknown> {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { subject } = socket.getPeerCertificate()
    socket.destroy()
    return subject.CN
  }

  test('from a Secret is served on an address that others can reach, and follows its file', async () => {
    const gateway = object('MCPGateway', 'default', '{tls: {secretName: cert}, hosts: [a.example]}')
    write('server.yaml', server(), gateway)
    write('cert.yaml', certificate('one'))
    const one = await start({}, '0.0.0.0:0')
    expect(one.said()).toContain('https://')
    expect(await subject(one)).toBe('one')
    await change(one, () => write('cert.yaml', certificate('two')))
    expect(await subject(one)).toBe('two')
    await change(one, () => write('server.yaml', server()))
    expect(one.said()).toContain('TLS is switched on or off at the next start only')
    expect(await subject(one)).toBe('two')
  })
})

describe('bartizan run does not start', () => {
  test.each([
    ['while a file cannot be read', '{]', [], 'nothing was started: fix the files first'],
    [
      'while a guard is misspelled',
      server() + '---\n' + object('GuardrailPolciy', 'g', '{}'),
      [],
      'did you mean GuardrailPolicy?',
    ],
    ['without a server', object('MCPGateway', 'default', '{}'), [], 'there is nothing to guard'],
    ['on an open address without TLS', server(), ['--listen', '0.0.0.0:0'], '--insecure-listen'],
    ['with metrics on an open address', server(), ['--metrics', '0.0.0.0:0'], '--insecure-listen'],
    ['for a server that is not there', server(), ['--url', 'evn=http://127.0.0.1:1'], 'did you mean env?'],
  ])('%s', async (_, text, more, says) => {
    write('server.yaml', text)
    const { code, err } = await refused(...more)
    expect(code).toBe(1)
    expect(err).toContain(says)
  })

  test('on a port that somebody has', async () => {
    write('server.yaml', server())
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { code, err } = await bartizan('run', '-f', files, '--state', state, '--listen', `127.0.0.1:${port}`)
    other.close()
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(`127.0.0.1:${port} is in use`) as string })
  })

  test('in a state folder that another one has', async () => {
    write('server.yaml', server())
    const one = await start()
    const { code, err } = await refused()
    expect(code).toBe(1)
    expect(err).toContain(`is in use by process ${one.pid}`)
  })
})
