import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { main } from '../../cli/main.ts'
import { bundleGateway } from '../../hack/bundle.ts'
import { defaultMemory } from '../../gateway/config/flags.ts'
import { discard, keysFile, testConfig, testKey } from './gateway.ts'
import { podServer, startPod, type Pod } from './pod.ts'
import { callTool, send } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const alice = testKey('alice')
const guard = randomBytes(32)
// Played against the bundle, with the flags of a pod.
let upstream: ScriptedUpstream
let root = ''
let program = ''

beforeAll(async () => {
  upstream = await scriptedUpstream()
  program = await bundleGateway('audit-output')
  root = mkdtempSync(join(tmpdir(), 'bartizan-output-'))
}, 90_000)

afterAll(async () => {
  await upstream.stop()
  rmSync(root, { recursive: true })
})

const files = (onFailure: 'Refuse' | 'Drop', url = upstream.url) => ({
  'gateway.1.json': JSON.stringify(testConfig([podServer(url)], { hosts: ['weather.example'], audit: { onFailure } })),
  'keys.1.json': JSON.stringify(keysFile(alice)),
})

/** A pipe as a container runtime gives it to a container, whose reader this test plays. */
function pipe(name: string): { readonly fd: number; take(): string; close(): void } {
  const path = join(root, name)
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const fd = openSync(path, constants.O_WRONLY)
  let all = ''
  return {
    fd,
    take() {
      const buffer = Buffer.alloc(64 * 1024)
      for (;;) {
        try {
          all += buffer.toString('utf8', 0, readSync(reader, buffer))
        } catch {
          return all
        }
      }
    },
    close() {
      for (const one of [reader, fd]) closeSync(one)
    },
  }
}

const callOnce = async (pod: Pod): Promise<number> => {
  const call = callTool('t', 1)
  const headers = { ...call.headers, host: 'weather.example' }
  return (await send(pod.url, { ...call, key: alice.secret, headers })).status
}

const residentMiB = ({ pid }: Pod): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

/** What `bartizan audit verify` says of a text. */
async function verified(text: string, ...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  const file = join(root, 'collected.log')
  writeFileSync(file, text)
  let said = ''
  const say = (more: string): void => void (said += more)
  const io = { env: {}, now: () => 0, random: randomBytes, out: say, err: say }
  const code = await main(['audit', ...(args.length > 0 ? args : ['verify']), '--file', file], io)
  return { code, said }
}

test('in a pod the audit log goes to standard output and all else to standard error, and no file is made', async () => {
  const pod = await startPod({ name: 'output', guards: [guard], program, config: files('Refuse') })
  expect(await callOnce(pod)).toBe(200)
  await expect.poll(() => pod.audit()).toMatchObject([{ log: 'audit_event', verdict: 'allow', tool: 't' }])
  await pod.stop()
  expect(pod.audit()).toHaveLength(1)
  expect(readdirSync(pod.folder)).not.toContain('state')
  discard(pod)
})

test.each(['Refuse', 'Drop'] as const)(
  'with %s a standard output that is not read ends nothing, grows nothing, and leaves no gap in the chain',
  async onFailure => {
    const output = pipe(onFailure)
    const pod = await startPod({
      name: onFailure,
      guards: [guard],
      program,
      config: files(onFailure),
      stdout: output.fd,
    })
    const dropped = async (): Promise<number> => {
      const metrics = await (await fetch(`${pod.metricsUrl.replace('0.0.0.0', '127.0.0.1')}/metrics`)).text()
      return Number(/^bartizan_audit_dropped_lines (\d+)/m.exec(metrics)?.[1])
    }
    // More than the pipe holds, and then for a second.
    await expect
      .poll(
        async () => {
          const statuses = await Promise.all(Array.from({ length: 200 }, () => callOnce(pod)))
          return onFailure === 'Refuse' ? statuses.every(status => status === 503) : (await dropped()) > 0
        },
        { timeout: 40_000 },
      )
      .toBe(true)
    expect(await callOnce(pod)).toBe(onFailure === 'Refuse' ? 503 : 200)
    expect((await pod.admin('/-/livez')).status).toBe(200)
    for (let at = 0; at < 20; at += 1) await Promise.all(Array.from({ length: 100 }, () => callOnce(pod)))
    expect(residentMiB(pod)).toBeLessThan(defaultMemory)
    await expect
      .poll(async () => {
        output.take()
        return callOnce(pod)
      })
      .toBe(200)
    await expect.poll(() => output.take()).toContain('"event_type":"lines_lost"')
    const lost = await dropped()
    const reading = setInterval(() => output.take(), 20)
    await pod.stop()
    clearInterval(reading)
    const { code, said } = await verified(output.take())
    expect(code).toBe(0)
    expect(said).toContain('consistent')
    const counts = [...output.take().matchAll(/"event_type":"lines_lost".*?"count":(\d+)/g)].map(([, count]) =>
      Number(count),
    )
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(lost)
    output.close()
    discard(pod)
  },
  90_000,
)

test('a standard error that is not read ends nothing: lines of the log are dropped and counted', async () => {
  const pod = await startPod({
    name: 'error',
    guards: [guard],
    program,
    config: files('Refuse', 'http://127.0.0.1:1/'),
  })
  pod.child.stderr!.pause()
  for (let at = 0; at < 40; at += 1) await Promise.all(Array.from({ length: 100 }, () => callOnce(pod)))
  expect(await callOnce(pod)).toBe(502)
  expect((await pod.admin('/-/livez')).status).toBe(200)
  expect(residentMiB(pod)).toBeLessThan(defaultMemory)
  pod.child.stderr!.resume()
  let counted = ''
  void pod.logged('the log was not read: lines were dropped').then(line => (counted = line))
  await expect
    .poll(async () => {
      await callOnce(pod)
      return counted
    })
    .toMatch(/"lines":[1-9]/)
  await pod.stop()
  discard(pod)
}, 90_000)
