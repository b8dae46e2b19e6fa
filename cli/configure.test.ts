import { expect, describe, test } from 'vitest'
import { mint } from '../hack/minted.ts'
import { statusesOf } from '../operator/translate/index.ts'
import { configure, urlOptions, type Configured } from './configure.ts'
import { load } from './load.ts'

const salt = Buffer.alloc(32, 7)
const server = (name: string, spec: string, namespace = ''): string =>
  `apiVersion: mcp.gateway.io/v1\nkind: MCPServer\nmetadata: {name: ${name}${namespace && `, namespace: ${namespace}`}}\nspec: ${spec}\n`
const secret = (value: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {token: ${value}}\n`

type Given = { readonly urls?: Record<string, string>; readonly namespace?: string }

const configured = (documents: readonly string[], { urls = {}, namespace }: Given = {}): Configured =>
  configure(load([{ file: 'a.yaml', text: documents.join('---\n') }], {}), { namespace, urls, lastGood: [], salt })

const upstreams = ({ config }: Configured): unknown[] => config.servers.map(({ upstream }) => upstream)

describe('an address on the command line', () => {
  test('says where a server with an image listens', () => {
    const urls = { a: 'http://10.0.0.5:8000/mcp' }
    expect(upstreams(configured([server('a', '{image: x}')], { urls }))).toEqual([{ http: { url: urls.a } }])
  })

  test.each(['http://127.0.0.1:8000/mcp', 'http://localhost:8000/mcp', 'http://[::1]:8000/mcp'])(
    'that is this very machine (%s) is dialled although no network names it, also in place of another url',
    url => {
      const documents = [server('a', '{image: x}'), server('b', '{url: "http://10.0.0.1/mcp"}')]
      const http = { url, pod: true }
      expect(upstreams(configured(documents, { urls: { a: url, b: url } }))).toEqual([{ http }, { http }])
    },
  )

  test('does not open loopback for a server that it does not name', () => {
    const documents = [server('a', '{image: x}'), server('b', '{url: "http://127.0.0.1:9/mcp"}')]
    const { config } = configured(documents, { urls: { a: 'http://127.0.0.1:8000/mcp' } })
    expect(config.allowedNetworks).toEqual([])
    expect(config.servers[1]!.upstream).toEqual({ http: { url: 'http://127.0.0.1:9/mcp' } })
  })

  test.each([
    ['weahter', 'no MCPServer is called weahter; did you mean weather?'],
    ['child', 'child is started by its command'],
  ])('for %s is a usage error', (name, says) => {
    const documents = [server('weather', '{image: x}'), server('child', '{command: [x]}')]
    expect(() => configured(documents, { urls: { [name]: 'http://10.0.0.1' } })).toThrow(says)
  })

  test.each(['weather', 'weather=', 'weather=nowhere', 'weather=file:///etc/passwd'])(
    'spelled %j is a usage error',
    text => expect(() => urlOptions([text])).toThrow(`--url ${text}: write NAME=URL`),
  )

  test('without one, a server with an image says what to do', () => {
    const { desired } = configured([server('a', '{image: x}')])
    expect(statusesOf(desired)[0]!.status.conditions[0]!.message).toContain('--url a=http://')
  })
})

describe('a secret', () => {
  const child = server('a', '{command: [x], secrets: [{name: s, envVar: TOKEN}]}')

  test('is named in the configuration and stays out of it', () => {
    const value = mint('token')
    const { texts, values, config } = configured([child, secret(value)])
    const file = config.servers[0]!.upstream.stdio!.env![0]!.file!
    expect(file).toMatch(/^secret\/default\/s\/token#[0-9a-f]{16}$/)
    expect(values.get(file)?.toString()).toBe(value)
    expect(texts.gateway + texts.keys).not.toContain(value)
  })

  test('with a new value makes a new configuration, so that it is taken up', () => {
    const texts = [mint('token'), mint('token')].map(value => configured([child, secret(value)]).texts.gateway)
    expect(texts[0]).not.toBe(texts[1])
    const same = mint('token')
    expect(configured([child, secret(same)]).texts).toEqual(configured([child, secret(same)]).texts)
  })

  test('that is missing refuses the server and says so', () => {
    const { config } = configured([child])
    expect(config.servers[0]!.refused).toContain('there is no Secret s')
  })
})

describe('the namespace', () => {
  test('is the only one that the files name, for those that name none, too', () => {
    const { config, desired } = configured([server('a', '{image: x}', 'team'), server('b', '{command: [x]}')])
    expect(config.servers.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(new Set(statusesOf(desired).map(({ namespace }) => namespace))).toEqual(new Set(['team']))
  })

  test('has to be chosen when they name several', () => {
    const documents = [server('a', '{command: [x]}', 'one'), server('b', '{command: [x]}', 'two')]
    expect(() => configured(documents)).toThrow('several namespaces (one, two): choose one with --namespace')
    expect(configured(documents, { namespace: 'two' }).config.servers.map(({ name }) => name)).toEqual(['b'])
  })
})
