import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** Programs that `.ci/run` starts, played: a whole run takes a quarter of an hour, and its steps have tests of their own. */
const played = ['node', 'npm', 'python3', 'go', 'openssl', 'git', 'mkfifo', 'ps']
const program = `#!/bin/sh
if [ "$*" = "$FAILS" ]; then exit 3; fi
if [ "$*" = "$HANGS" ]; then echo 'it hangs'; exec sleep 600; fi
echo "1.0"
`

let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'bartizan-ci-'))
  for (const folder of ['.ci', 'bin']) mkdirSync(join(root, folder))
  copyFileSync(join(import.meta.dirname, '..', '.ci', 'run'), join(root, '.ci', 'run'))
  for (const name of played) {
    writeFileSync(join(root, 'bin', name), program)
    chmodSync(join(root, 'bin', name), 0o755)
  }
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Runs it to its end; once `during` is printed its group is ended as `timeout` does when the time is over. */
async function run(
  env: Readonly<Record<string, string>>,
  during?: string,
): Promise<{ code: number | null; last: string[] }> {
  const path = `${join(root, 'bin')}:${process.env['PATH']}`
  const child = spawn('bash', [join(root, '.ci', 'run')], {
    env: { ...process.env, PATH: path, BARTIZAN_CI_BOUND: '1', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  let text = ''
  let isOver = false
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more
    if (during === undefined || isOver || !text.includes(during)) return
    isOver = true
    process.kill(child.pid!, 'SIGTERM')
    process.kill(-child.pid!, 'SIGTERM')
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const table = text.slice(text.indexOf('=== minutes and seconds')).trimEnd().split('\n').slice(1)
  return { code, last: table.map(line => line.replace(/^ *\d+:\d\d {2}/, '')) }
}

const steps = [
  'packages of the lock file',
  'types, lint, what is unused, format, imports, sizes, generated files',
  'etcd and Kubernetes: found, downloaded or built',
  'tests, then requirements and secrets',
  'demo with real servers',
  'on a real node',
]

test('the time of each step and of all stands at the end', async () => {
  expect(await run({})).toEqual({ code: 0, last: [...steps, 'in all'] })
})

test('they stand there when a step fails, too, which is the last', async () => {
  const last = [...steps.slice(0, 3), `${steps[3]}: did not pass`, 'in all']
  expect(await run({ FAILS: 'test' })).toEqual({ code: 3, last })
})

test('and when the time is over, which says what hung', async () => {
  const last = [...steps.slice(0, 4), `${steps[4]}: did not pass`, 'in all']
  expect(await run({ HANGS: 'run demo -- --once' }, 'it hangs')).toEqual({ code: 143, last })
})
