import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleOperator } from '../../hack/bundle-operator.ts'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { AuditLog } from '../../hack/controlplane/audit.ts'
import { kubeconfigOf } from '../../hack/controlplane/credentials.ts'
import { controlPlane } from '../../hack/controlplane/index.ts'
import type { Rest } from '../../hack/controlplane/rest.ts'
import { apiKey, server } from '../../hack/operator/documents.ts'
import { operatorProcess, type OperatorProcess } from '../../hack/operator/process.ts'
import {
  applyAll,
  find,
  list,
  namespaces,
  operatorNamespace,
  quiet,
  until,
  type OwnControlPlane,
} from '../../hack/operator/stage.ts'

/** What is tried is that nothing depends on this time, so it has to pass: longer than the lease, its watchdogs and the time-out of any call. */
const frozen = 40_000
const asleep = (): Promise<void> => new Promise(resolve => setTimeout(resolve, frozen))

describe.skipIf(noControlPlane)('the operator of the image, with the lease that it has there, frozen for 40 s', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-frozen-'))
  const audit = new AuditLog(folder)
  const processes: OperatorProcess[] = []
  let plane: OwnControlPlane
  let rest: Rest
  let program: string
  beforeAll(async () => {
    program = await bundleOperator('operator-frozen')
    plane = await controlPlane({ crds: true, flags: audit.flags })
    rest = plane.rest()
    await namespaces(plane, operatorNamespace, 'two', 'alone')
  })
  afterAll(async () => {
    for (const { child } of processes) child.kill('SIGKILL')
    await plane?.stop()
    rmSync(folder, { recursive: true })
  })

  /** Starts one under a name that the API server knows it by. */
  async function start(name: string): Promise<OperatorProcess> {
    const kubeconfig = join(folder, `${name}.kubeconfig`)
    writeFileSync(kubeconfig, kubeconfigOf(await plane.user(name, ['system:masters'])), { mode: 0o600 })
    const started = operatorProcess(program, name, kubeconfig)
    processes.push(started)
    return started
  }

  const runs = async (namespace: string, name: string, image: string): Promise<boolean> =>
    JSON.stringify((await find(rest, 'Deployment', namespace, `mcp-${name}`)) ?? {}).includes(`"image":"${image}"`)
  const shows = (namespace: string, name: string, image: string): Promise<boolean> =>
    until(() => runs(namespace, name, image), `${image} to be what ${name} runs`, 120_000)

  const image = (version: number): string => `example.test/mcp:${version}`

  const lacking = async (digest: string): Promise<string[]> => {
    const all = (await list(rest, 'ConfigMap', 'two')).filter(({ metadata }) => metadata.name.startsWith('mcp-'))
    return all.filter(one => !JSON.stringify(one).includes(digest)).map(({ metadata }) => metadata.name)
  }
  const wrote = (who: string, after: number) =>
    audit.writes().some(one => one.who === who && one.resource === 'configmaps' && one.at >= after)

  /** Stops it amid the writes that a new key asks for: when it wakes their answers are there, and the next ones on its tongue. */
  async function freezeAmidWrites({ child }: OperatorProcess): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const digest = `sha256:${String(attempt).padStart(64, '0')}`
      const began = Date.now()
      await applyAll(plane, 'two', apiKey(`key-${attempt}`, { digests: [digest] }))
      await until(async () => wrote('sleeper', began), 'the first of its writes')
      child.kill('SIGSTOP')
      if ((await lacking(digest)).length > 16) return digest
      child.kill('SIGCONT')
      await quiet(rest, 'two')
    }
  }

  test('writes nothing when it wakes while another has its work, and leaves', { timeout: 300_000 }, async () => {
    const sleeper = await start('sleeper')
    await sleeper.said('elected')
    const names = Array.from({ length: 60 }, (_, at) => `s${at}`)
    await applyAll(plane, 'two', names.map(name => server(name, image(1))).join(''))
    for (const name of names) await shows('two', name, image(1))
    const other = await start('other')
    await other.said('started')
    await quiet(rest, 'two')

    const digest = await freezeAmidWrites(sleeper)
    const slept = asleep()
    // This finds the sleeper with more work in its queues when it wakes.
    await applyAll(plane, 'two', server('s0', image(2)))
    await shows('two', 's0', image(2))
    await until(async () => (await lacking(digest)).length === 0, 'the other one to end what was begun')
    await slept
    const [woke, before] = [Date.now(), sleeper.lines.length]
    sleeper.child.kill('SIGCONT')
    expect(await sleeper.ended).toEqual([1, null])
    const said = sleeper.lines.slice(before)
    expect(said.filter(({ event }) => event === 'leadership lost')).toHaveLength(1)
    expect(JSON.stringify(said)).not.toContain('may not write')
    await applyAll(plane, 'two', server('s0', image(3)))
    await shows('two', 's0', image(3))

    expect(wrote('other', 0)).toBe(true)
    expect(audit.writes().filter(({ who, at }) => who === 'sleeper' && at >= woke)).toEqual([])
    other.child.kill('SIGTERM')
    expect(await other.ended).toEqual([0, null])
  })

  test('takes up what has changed meanwhile when it wakes alone', { timeout: 300_000 }, async () => {
    let current = await start('lone')
    /** Like a kubelet: one that has ended is started again. */
    const again = async (): Promise<void> => {
      const [code] = await current.ended
      if (code !== 1) return
      current = await start(`lone-${processes.length}`)
      await again()
    }
    const kept = again()
    await current.said('elected')
    await applyAll(plane, 'alone', server('one', image(1)))
    await shows('alone', 'one', image(1))
    await quiet(rest, 'alone')

    current.child.kill('SIGSTOP')
    await applyAll(plane, 'alone', server('one', image(2)) + server('new', image(1)))
    await asleep()
    expect(await runs('alone', 'one', image(1))).toBe(true)
    current.child.kill('SIGCONT')
    await shows('alone', 'one', image(2))
    await shows('alone', 'new', image(1))
    // Its watches live: what changes from now on is seen as well.
    await applyAll(plane, 'alone', server('one', image(3)))
    await shows('alone', 'one', image(3))
    expect((await list(rest, 'Deployment', 'alone')).map(({ metadata }) => metadata.name)).toEqual([
      'mcp-new',
      'mcp-one',
    ])
    current.child.kill('SIGTERM')
    expect(await current.ended).toEqual([0, null])
    await kept
  })
})
