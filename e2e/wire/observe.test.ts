import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../cli/main.ts'
import { mint } from '../../hack/minted.ts'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { callTool, modern, send } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const ada = testKey('ada')
const reader = testKey('reader', { scopes: ['servers:read'] })
const path = '/mcp/weather'

let upstream: ScriptedUpstream
let wire: Wire

const servers = (url: string, deniedTools: string[]) => [
  testServer('weather', url, {
    tools: { policy: { mode: 'denylist' as const, deniedTools }, dangerousPatterns: [], approved: [] },
    guardrails: {
      rules: [
        {
          detector: { keywords: { words: ['nightjar'] } },
          channels: ['Arguments', 'Result'],
          action: 'Block',
          mode: 'Enforce',
          policy: 'default/birds',
        },
      ],
    },
  }),
]

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const config = testConfig(servers(upstream.url, ['admin_*']))
  wire = await startWire({ name: 'observe', config, keys: keysFile(ada, reader) })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

/** One sample of the text format: name, labels as a record, value. */
type Sample = { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** Reads the Prometheus text format 0.0.4 strictly: a line that is neither comment nor sample throws. */
function samples(text: string): Sample[] {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return lines.map(line => {
    const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (!match || Number.isNaN(Number(match[3]!.replace('+Inf', 'Infinity')))) throw new Error(`no sample: ${line}`)
    const labels = [...(match[2] ?? '').matchAll(/(?<!\w)([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(
      ([, label, value]) => [label!, value!] as const,
    )
    return { name: match[1]!, labels: Object.fromEntries(labels), value: Number(match[3]) }
  })
}

const scrape = async (): Promise<Sample[]> => samples(await (await fetch(`${wire.metricsUrl}/metrics`)).text())

/** The sum of the samples of a name that carry these labels. */
const total = (from: readonly Sample[], name: string, labels: Record<string, string> = {}): number =>
  from
    .filter(sample => sample.name === name)
    .filter(sample => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0)

describe('the metrics port', () => {
  test('counts calls, their time and every kind of refusal in a format that Prometheus reads', async () => {
    const before = await scrape()
    await send(wire.url, { path, key: ada.secret, ...callTool('echo', 1) })
    await send(wire.url, { path, key: ada.secret, ...callTool('admin_reset', 2) })
    await send(wire.url, { path, key: ada.secret, ...callTool('echo', 3, '{"a":"the nightjar"}') })
    await send(wire.url, { path, key: reader.secret, ...callTool('echo', 4) })
    await send(wire.url, { path, key: mint('api-key'), ...callTool('echo', 5) })
    const after = await scrape()
    const grown = (name: string, labels: Record<string, string>): number =>
      total(after, name, labels) - total(before, name, labels)
    const server = 'weather'
    expect(grown('http_requests_total', { server, status: '200' })).toBe(1)
    expect(grown('http_requests_total', { server, status: '403' })).toBe(2)
    expect(grown('http_requests_total', { server, status: '400' })).toBe(1)
    // Who did not say who he is learns and leaves nothing about servers, not even a label.
    expect(grown('http_requests_total', { status: '401' })).toBe(1)
    for (const code of ['Allowed', 'ToolNotAllowed', 'GuardrailBlocked', 'InsufficientScope'])
      expect([code, grown('bartizan_decisions_total', { server, code })]).toEqual([code, 1])
    expect(grown('bartizan_decisions_total', { code: 'Unauthenticated' })).toBe(1)
    expect(grown('bartizan_guardrail_findings_total', { policy: 'default/birds', mode: 'Enforce' })).toBe(1)
    expect(grown('http_request_duration_seconds_count', {})).toBe(5)
    expect(grown('http_request_duration_seconds_bucket', { le: '+Inf' })).toBe(5)
    expect(total(after, 'http_request_duration_seconds_sum', { server })).toBeGreaterThan(0)
  })

  test('makes no series of what a stranger chooses: servers, tools, methods and keys that do not exist', async () => {
    const before = (await scrape()).length
    for (let at = 0; at < 20; at++) {
      await send(wire.url, { path: `/mcp/none-${at}`, key: ada.secret, ...callTool(`tool-${at}`, at) })
      await send(wire.url, { path, key: ada.secret, ...modern(`method/${at}`, at) })
    }
    expect((await scrape()).length).toBeLessThan(before + 20)
  })
})

describe('the audit log', () => {
  /** The last line about a tool of this name. Lines are written in batches, so the last may take a moment. */
  const lineOf = (tool: string): Record<string, unknown> | undefined =>
    wire.audit().findLast(line => line['tool'] === tool)

  test('has a line for each outcome: who, from where, which tool, the verdict and its reason', async () => {
    const shared = { server: 'weather', client: '127.0.0.1', method: 'tools/call', era: 'modern' }
    await send(wire.url, { path, key: ada.secret, ...callTool('seen', 1) })
    await expect
      .poll(() => lineOf('seen'))
      .toMatchObject({ ...shared, event_type: 'mcp_call', verdict: 'allow', principal: 'key:ada' })
    await send(wire.url, { path, key: reader.secret, ...callTool('unseen', 2) })
    await expect
      .poll(() => lineOf('unseen'))
      .toMatchObject({ ...shared, verdict: 'deny', principal: 'key:reader', code: 'InsufficientScope', status: 403 })
    const reply = await send(wire.url, { path, key: mint('api-key'), ...callTool('echo', 3) })
    const { decision } = (JSON.parse(reply.body) as { error: { data: { decision: string } } }).error.data
    const refusal = { event_type: 'auth_failure', verdict: 'deny', code: 'Unauthenticated', status: 401 }
    await expect.poll(() => wire.audit().find(line => line['decision'] === decision)).toMatchObject(refusal)
    expect(wire.audit().find(line => line['decision'] === decision)).not.toHaveProperty('principal')
  })

  test('shows tampering: a line that was changed, taken out, doubled or moved', async () => {
    const original = readFileSync(join(wire.folder, 'state', 'audit.jsonl'), 'utf8')
    const lines = original.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(5)
    const changed = lines.with(2, lines[2]!.replace(/"time":"20/, '"time":"19'))
    const swapped = lines.with(1, lines[2]!).with(2, lines[1]!)
    const file = join(wire.folder, 'tampered.jsonl')
    const verify = async (text: readonly string[]): Promise<number> => {
      writeFileSync(file, `${text.join('\n')}\n`)
      const say = (): void => {}
      return main(['audit', 'verify', '--file', file], {
        env: {},
        now: () => 0,
        random: randomBytes,
        out: say,
        err: say,
      })
    }
    expect(await verify(lines)).toBe(0)
    expect(await verify(changed)).toBe(1)
    expect(await verify(lines.toSpliced(3, 1))).toBe(1)
    expect(await verify(lines.toSpliced(3, 0, lines[3]!))).toBe(1)
    expect(await verify(swapped)).toBe(1)
  })
})

describe('nobody is somebody else', () => {
  test('attempts to get around authentication are refused, and the server sees none of them', async () => {
    const before = upstream.seen.length
    const basic = `Basic ${Buffer.from(`ada:${ada.secret}`).toString('base64')}`
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const unsigned = `${part({ alg: 'none' })}.${part({ sub: 'ada' })}.`
    const attempts: Record<string, string>[] = [
      {},
      { 'x-api-key': '' },
      { 'x-api-key': ' ' },
      { 'x-api-key': ada.entry.name },
      { 'x-api-key': ada.entry.digests[0]! },
      { 'x-api-key': ada.entry.digests[0]!.slice('sha256:'.length) },
      { 'x-api-key': ada.secret.slice(0, -1) },
      { 'x-api-key': `${ada.secret}0` },
      { 'x-api-key': ada.secret.toUpperCase() },
      { 'x-api-key': `${ada.secret}, ${ada.secret}` },
      { 'x-api-key': '*' },
      { authorization: ada.secret },
      { authorization: basic },
      { authorization: 'Bearer' },
      { authorization: 'Bearer undefined' },
      { authorization: `Bearer ${ada.entry.name}` },
      { authorization: `Bearer ${unsigned}` },
      { cookie: `x-api-key=${ada.secret}` },
      { 'x-api_key': ada.secret },
      { 'proxy-authorization': `Bearer ${ada.secret}` },
      { 'x-forwarded-user': 'ada', 'x-remote-user': 'ada', 'x-authenticated-user': 'ada' },
      { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' },
      { 'x-original-url': '/-/livez', 'x-rewrite-url': '/-/livez' },
      { 'x-http-method-override': 'OPTIONS' },
    ]
    // The tool is denied and the argument forbidden: an answer other than 401 would come from a stage that ran too early.
    const { headers, body } = callTool('admin_reset', 1, '{"a":"nightjar"}')
    for (const attempt of attempts) {
      const { status } = await send(wire.url, { path, body: body!, headers: { ...headers, ...attempt } })
      expect([attempt, status]).toEqual([attempt, 401])
    }
    for (const query of [`?x-api-key=${ada.secret}`, `?access_token=${ada.secret}`, `?key=${ada.secret}`]) {
      const { status } = await send(wire.url, { path: path + query, body: body!, headers: headers! })
      expect(status).toBe(401)
    }
    expect(upstream.seen.length).toBe(before)
  })

  test('what a caller says of himself changes neither who he is in the audit log nor what the server is told', async () => {
    const claims = {
      'auth.subject': 'root',
      'auth.scopes': 'admin',
      'x-forwarded-user': 'root',
      'x-bartizan-principal': 'system:operator',
      'x-forwarded-for': '203.0.113.9',
      'x-real-ip': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
      'x-client-cert': 'root',
    }
    const { headers, body } = callTool('claims', 1, '{"auth":{"subject":"root"},"principal":"system:operator"}')
    const reply = await send(wire.url, { path, key: ada.secret, body: body!, headers: { ...headers, ...claims } })
    expect(reply.status).toBe(200)
    const lines = () => wire.audit().filter(line => line['tool'] === 'claims')
    await expect.poll(lines).not.toEqual([])
    for (const line of lines()) expect(line).toMatchObject({ principal: 'key:ada', client: '127.0.0.1' })
    const told = Object.keys(upstream.seen.at(-1)!.headers)
    expect(told.filter(name => name in claims)).toEqual([])
  })
})
