import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { main } from '../../cli/main.ts'
import { everywhere, word } from './everywhere.ts'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { callTool, send } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
let upstream: ScriptedUpstream
let wire: Wire

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const guardrails = { rules: [everywhere(word('projectx'), 'Warn')] }
  wire = await startWire({
    name: 'audit-bounds',
    config: testConfig([testServer('one', upstream.url, { guardrails })]),
    keys: keysFile(caller),
  })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

type Line = { readonly [member: string]: unknown }

const state = (): string => join(wire.folder, 'state')
const file = (): string => join(state(), 'audit.jsonl')
const bytes = (): number => readFileSync(file()).length

const decisionOf = (body: string): string => /"decision":"(d-[^"]+)"/.exec(body)![1]!

async function audit(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  let said = ''
  const say = (more: string): void => void (said += more)
  const code = await main(['audit', ...args], { env: {}, now: () => 0, random: randomBytes, out: say, err: say })
  return { code, said }
}

const settled = async (tool: string): Promise<void> => {
  upstream.respond = emptyResult
  expect((await send(wire.url, { key: caller.secret, ...callTool(tool, 1) })).status).toBe(200)
  await expect.poll(() => wire.audit().some(line => line['tool'] === tool)).toBe(true)
}

test('one call whose answer has 20,000 events that only warn costs some lines, which have the total', async () => {
  const before = wire.audit().length
  const [size, events] = [bytes(), 20_000]
  upstream.respond = (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let at = 0; at < events; at += 1)
      res.write(
        'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"projectx"}}\n\n',
      )
    res.end('data: {"jsonrpc":"2.0","id":"many","result":{"content":[]}}\n\n')
  }
  const { body } = await send(wire.url, { key: caller.secret, ...callTool('t', 'many') })
  expect(body).toContain('"id":"many"')
  await settled('after-many')
  const lines = wire
    .audit()
    .slice(before)
    .filter(line => line['event_type'] === 'mcp_answer')
  const found = (line: Line): number =>
    (line['findings_total'] as number | undefined) ??
    (line['findings'] as { count?: number }[]).reduce((sum, { count = 1 }) => sum + count, 0)
  expect(lines.reduce((sum, line) => sum + found(line), 0)).toBe(events)
  expect(lines.length).toBeLessThan(20)
  expect(bytes() - size).toBeLessThan(32 * 1024)
  const metrics = await (await fetch(`${wire.metricsUrl}/metrics`)).text()
  expect(metrics).toMatch(/^bartizan_\w*findings\w*\{.*\} 20000$/m)
})

test('a batch of thousands of messages is refused with one line', async () => {
  const before = wire.audit().length
  const message = '{"jsonrpc":"2.0","method":"notifications/initialized"}'
  const body = `[${Array.from({ length: 10_000 }, () => message).join(',')}]`
  expect((await send(wire.url, { key: caller.secret, body })).status).toBe(400)
  await settled('after-batch')
  expect(wire.audit().slice(before)).toMatchObject([{ code: 'InvalidRequest' }, {}])
})

test('refusals of callers without a key are summed, and every one of them can be looked up', async () => {
  const [before, size] = [wire.audit().length, bytes()]
  const decisions: string[] = []
  for (let at = 0; at < 30; at += 1) {
    const replies = await Promise.all(Array.from({ length: 100 }, () => send(wire.url, callTool('t', at))))
    decisions.push(...replies.map(({ body }) => decisionOf(body)))
  }
  // The sum is written when the next refusal comes after ten seconds, by a timer, and when the gateway ends: here it is the second.
  const sums = (): Line[] =>
    wire
      .audit()
      .slice(before)
      .filter(line => line['event_type'] === 'refusals')
  const own = (): Line[] =>
    wire
      .audit()
      .slice(before)
      .filter(line => line['event_type'] === 'auth_failure')
  const counted = (): number => sums().reduce((sum, line) => sum + (line['count'] as number), 0)
  await expect.poll(() => counted() + own().length, { timeout: 40_000 }).toBe(decisions.length)
  expect(bytes() - size).toBeLessThan(64 * 1024)
  expect(sums()[0]).toMatchObject({ code: 'Unauthenticated', stage: 'authenticate', status: 401, verdict: 'deny' })
  const said = await Promise.all(decisions.slice(0, 200).map(decision => audit('show', decision, '--state', state())))
  expect(said.filter(({ code }) => code !== 0)).toEqual([])
  expect(said[0]!.said).toContain('refused: Unauthenticated (HTTP 401)')
  expect(said[150]!.said).toMatch(
    /no line of its own in this log: \d+ refusals before authentication were added up, from 20/,
  )
  const [sample] = sums()[0]!['samples'] as { decision: string }[]
  expect((await audit('show', sample!.decision, '--state', state())).said).toContain('unknown, from 127.0.0.1')
}, 90_000)

test.each([
  ['removed', () => rmSync(file()), 'removed by others'],
  ['renamed', () => renameSync(file(), join(state(), 'theirs.jsonl')), 'renamed by others'],
])('an audit file that is %s while it is written goes on at its path, and says so', async (name, touch, said) => {
  const everything = (): string =>
    readdirSync(state())
      .filter(one => one.endsWith('.jsonl'))
      .map(one => readFileSync(join(state(), one), 'utf8'))
      .join('')
  await settled(`before-${name}`)
  touch()
  upstream.respond = emptyResult
  for (const tool of ['a', 'b', 'c']) {
    expect((await send(wire.url, { key: caller.secret, ...callTool(`${tool}-${name}`, 1) })).status).toBe(200)
    await expect.poll(everything).toContain(`"tool":"${tool}-${name}"`)
  }
  const there = wire.audit()
  expect(there.filter(line => line['event_type'] === 'audit_file').map(line => line['detail'])).toEqual([
    expect.stringContaining(said),
  ])
  expect(there.map(line => line['tool'])).toEqual(expect.arrayContaining([`b-${name}`, `c-${name}`]))
  expect(await audit('verify', '--state', state())).toMatchObject({ code: 0 })
})
