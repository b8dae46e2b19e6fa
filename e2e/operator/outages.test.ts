import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { controlPlane } from '../../hack/controlplane/index.ts'
import type { Rest } from '../../hack/controlplane/rest.ts'
import { server } from '../../hack/operator/documents.ts'
import { operatorProcess, type OperatorProcess } from '../../hack/operator/process.ts'
import {
  applyAll,
  conditionOf,
  find,
  kubectl,
  namespaces,
  operate,
  operatorNamespace,
  quiet,
  until,
  type OwnControlPlane,
} from '../../hack/operator/stage.ts'

type Lease = { readonly holderIdentity: string; readonly renewTime: string }

describe.skipIf(noControlPlane)('operators and an API server that fail', () => {
  let plane: OwnControlPlane
  let rest: Rest
  const processes: OperatorProcess[] = []
  beforeAll(async () => {
    plane = await controlPlane({ crds: true })
    rest = plane.rest()
    await namespaces(plane, operatorNamespace)
  })
  afterAll(async () => {
    for (const { child } of processes) child.kill('SIGKILL')
    await plane?.stop()
  })

  function start(name: string): OperatorProcess {
    const started = operatorProcess(join(import.meta.dirname, '../../operator/main.ts'), name, plane.kubeconfig)
    processes.push(started)
    return started
  }

  const lease = async (): Promise<Lease | undefined> => {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${operatorNamespace}/leases/bartizan-operator`
    return (await rest.request('GET', path)).body['spec'] as Lease | undefined
  }
  const imageOf = async (namespace: string, name: string): Promise<string | undefined> =>
    /"image":"(example\.test\/mcp:[^"]*)"/.exec(
      JSON.stringify(await find(rest, 'Deployment', namespace, `mcp-${name}`)),
    )?.[1]

  test('one that sleeps while another takes over writes nothing when it wakes', { timeout: 120_000 }, async () => {
    await namespaces(plane, 'sleep')
    const sleeper = start('sleeper')
    await sleeper.said('elected')
    await applyAll(plane, 'sleep', server('one'))
    await until(() => imageOf('sleep', 'one'), 'the first Deployment')
    const other = start('other')
    await other.said('started')
    sleeper.child.kill('SIGSTOP')
    // What comes now finds the sleeper with its queue full of work when it wakes.
    await applyAll(plane, 'sleep', server('one', 'example.test/mcp:2'))
    await other.said('elected')
    await until(async () => (await imageOf('sleep', 'one')) === 'example.test/mcp:2', 'the other one to write')
    const writers: { at: number; who: string | undefined }[] = []
    const watching = new AbortController()
    const path = '/apis/apps/v1/namespaces/sleep/deployments?watch=1'
    const watched = rest
      .watch(
        path,
        () => void lease().then(one => writers.push({ at: Date.now(), who: one?.holderIdentity })),
        watching.signal,
      )
      .catch(() => {})
    sleeper.child.kill('SIGCONT')
    // It learns of its loss before anything else, and leaves.
    expect(await sleeper.ended).toEqual([1, null])
    expect((await lease())?.holderIdentity).toMatch(/^other_/)
    await applyAll(plane, 'sleep', server('one', 'example.test/mcp:3'))
    await until(async () => (await imageOf('sleep', 'one')) === 'example.test/mcp:3', 'the other one to go on')
    watching.abort()
    await watched
    expect(writers.every(({ who }) => who?.startsWith('other_'))).toBe(true)
    other.child.kill('SIGTERM')
    expect(await other.ended).toEqual([0, null])
    // It has handed over: nobody has to wait for its lease to run out.
    expect((await lease())?.holderIdentity).toBe('')
  })

  test('one that has lost its lease says so once, and nothing of the work that it cannot do', async () => {
    await namespaces(plane, 'lost')
    const lost = Promise.withResolvers<void>()
    const lease = { leaseDuration: 3000, renewDeadline: 2000, retryPeriod: 300 }
    // Its process would end here; this one goes on, and finds work all the time.
    const operator = await operate(plane, { lease, port: 0, lost: lost.resolve })
    await operator.elected()
    await applyAll(plane, 'lost', server('one'))
    await until(() => imageOf('lost', 'one'), 'the first Deployment')
    await quiet(rest, 'lost')
    plane.freeze()
    await lost.promise
    plane.thaw()
    const attempts = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${operator.port}/metrics`)).text()
      const counted = text.matchAll(/^controller_runtime_reconcile_total\{controller="namespace".*\} (\d+)$/gm)
      return [...counted].reduce((sum, [, count]) => sum + Number(count), 0)
    }
    const before = await attempts()
    await applyAll(plane, 'lost', server('two'))
    await until(async () => (await attempts()) > before + 3, 'work to be tried')
    await operator.stop()
    // A write that was under way when the server froze is another matter: nobody knows what became of it, and that is said.
    expect(operator.lines.filter(({ event }) => event === 'leadership lost')).toHaveLength(1)
    expect(operator.lines.filter(({ fields }) => JSON.stringify(fields).includes('may not write'))).toEqual([])
    expect(await imageOf('lost', 'two')).toBeUndefined()
  })

  test('an API server that was killed and comes back is caught up with', { timeout: 120_000 }, async () => {
    await namespaces(plane, 'killed')
    const operator = await operate(plane)
    await operator.elected()
    await applyAll(plane, 'killed', server('one'))
    await until(() => imageOf('killed', 'one'), 'the first Deployment')
    await plane.kill()
    await plane.restart()
    await applyAll(plane, 'killed', server('two'))
    await kubectl(plane, [
      'patch',
      'mcps',
      'one',
      '-n',
      'killed',
      '--type=merge',
      '-p',
      '{"spec":{"image":"example.test/mcp:2"}}',
    ])
    // A lease of seconds may be lost meanwhile; then it is the next operator that catches up.
    const next = await operate(plane)
    await until(async () => (await imageOf('killed', 'one')) === 'example.test/mcp:2', 'the change to be applied')
    await until(async () => conditionOf(await find(rest, 'MCPServer', 'killed', 'two'), 'Accepted'), 'the status')
    await until(() => imageOf('killed', 'two'), 'the second Deployment')
    await operator.stop()
    await next.stop()
    expect(await imageOf('killed', 'two')).toBe('example.test/mcp:1')
  })
})
