import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane } from '../hack/controlplane/index.ts'
import type { Rest } from '../hack/controlplane/rest.ts'
import {
  applyAll,
  conditionOf,
  find,
  kubectl,
  namespaces,
  operate,
  operatorNamespace,
  until,
  type OwnControlPlane,
} from '../hack/operator/stage.ts'

const server = (name: string, image = 'example.test/mcp:1') => `
apiVersion: mcp.gateway.io/v1
kind: MCPServer
metadata: {name: ${name}}
spec: {image: "${image}"}
---
`

type Lease = { readonly holderIdentity: string; readonly renewTime: string }

describe.skipIf(noControlPlane)('operators and an API server that fail', () => {
  let plane: OwnControlPlane
  let rest: Rest
  const children: ChildProcess[] = []
  beforeAll(async () => {
    plane = await controlPlane({ crds: true })
    rest = plane.rest()
    await namespaces(plane, operatorNamespace)
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await plane?.stop()
  })

  /** The operator as its image starts it, in a process of its own. */
  function start(name: string): ChildProcess & { said(event: string): Promise<void> } {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        POD_NAME: name,
        POD_NAMESPACE: operatorNamespace,
        GATEWAY_IMAGE: 'example.test/gateway:1',
        HEALTH_PORT: '0',
        KUBECONFIG: plane.kubeconfig,
      },
    })
    children.push(child)
    const seen = new Set<string>()
    createInterface({ input: child.stdout }).on('line', line => seen.add((JSON.parse(line) as { event: string }).event))
    const said = (event: string) => until(async () => seen.has(event), `${name} to say ${event}`).then(() => {})
    return Object.assign(child, { said })
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
    sleeper.kill('SIGSTOP')
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
    const ended = once(sleeper, 'exit')
    sleeper.kill('SIGCONT')
    // It learns of its loss before anything else, and leaves.
    expect(await ended).toEqual([1, null])
    expect((await lease())?.holderIdentity).toMatch(/^other_/)
    await applyAll(plane, 'sleep', server('one', 'example.test/mcp:3'))
    await until(async () => (await imageOf('sleep', 'one')) === 'example.test/mcp:3', 'the other one to go on')
    watching.abort()
    await watched
    expect(writers.every(({ who }) => who?.startsWith('other_'))).toBe(true)
    const gone = once(other, 'exit')
    other.kill('SIGTERM')
    expect(await gone).toEqual([0, null])
    // It has handed over: nobody has to wait for its lease to run out.
    expect((await lease())?.holderIdentity).toBe('')
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
