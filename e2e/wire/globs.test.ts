import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleGateway } from '../../hack/bundle.ts'
import { discard, keysFile, testConfig, testKey } from './gateway.ts'
import { podServer, startPod, type Pod } from './pod.ts'
import { callTool, send } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

/** Globs that a backtracking search never comes to the end of, as many as fit. */
const hostile = Array.from({ length: 200 }, (_, at) => `${'*a'.repeat(60)}${at}`)
const long = 'a'.repeat(128)
const caller = testKey('caller', { allowedServers: [...hostile, '*'], allowedTools: [...hostile, 'a*', '*delete*'] })

let upstream: ScriptedUpstream
let pod: Pod

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const tools = {
    policy: { mode: 'allowlist' as const, allowedTools: [...hostile, '*'], deniedTools: [...hostile, 'delete_all'] },
    dangerousPatterns: hostile,
    approved: [],
  }
  const config = testConfig([podServer(upstream.url, { tools })], { hosts: ['127.0.0.1'] })
  const files = { 'gateway.json': JSON.stringify(config), 'keys.json': JSON.stringify(keysFile(caller)) }
  const program = await bundleGateway('gateway-globs')
  pod = await startPod({ name: 'globs', config: files, guards: [randomBytes(32)], program })
}, 60_000)

afterAll(async () => {
  await pod.stop()
  await upstream.stop()
  discard(pod)
})

const call = async (tool: string): Promise<string> => {
  const { status, body } = await send(pod.url, { path: '/mcp/one', key: caller.secret, ...callTool(tool, 1) })
  return `${status} ${/"reason":"(\w+)"/.exec(body)?.[1] ?? 'passed'}`
}

test('globs that would take a search for ever take a pod no time, in keys and policies', async () => {
  expect(await call(long)).toBe('200 passed')
})

test.each([' delete_all', 'delete_all ', '\u3000delete_all', 'delete_all\u2028', 'delete_\tall', 'DELETE\u200b_ALL'])(
  'a denied tool is not called as %j',
  async name => {
    const before = upstream.seen.length
    expect(await call(name)).toBe('403 ToolNotAllowed')
    expect(upstream.seen.length).toBe(before)
  },
)
