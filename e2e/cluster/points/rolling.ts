import { join } from 'node:path'
import type { Kubectl } from '../kubectl.ts'
import { judged, underLoad } from '../load.ts'
import { podsOf, withServer, type ServerFixture } from '../server-fixture.ts'
import { withoutOperator } from '../install.ts'
import { root } from '../program.ts'
import { demand, eventually, type Point, type Stage } from '../stage.ts'

const space = 'e2e-rolling'
const hangs = 'e2e-hanging'

async function restart({ kubectl }: Stage, { namespace, server }: ServerFixture, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    await kubectl.ok(['rollout', 'restart', '-n', namespace, `deployment/mcp-${server}`])
    await kubectl.ok(['rollout', 'status', '-n', namespace, `deployment/mcp-${server}`, '--timeout=180s'])
  }
}

/**
 * `kubectl drain` of a node that has one of the server's pods, again and again; the node is given back each time. Where all pods are on one node
 * the others are left alone, as if they were elsewhere: with nowhere to go for any of them no pod could serve.
 */
async function drain(stage: Stage, { namespace, server }: ServerFixture, times: number): Promise<void> {
  const { kubectl } = stage
  for (let time = 0; time < times; time++) {
    const [pod = ''] = await podsOf(stage, namespace, server)
    const node = await kubectl.ok(['get', 'pod', '-n', namespace, pod, '-o', 'jsonpath={.spec.nodeName}'])
    await kubectl.ok(['label', 'pod', '-n', namespace, pod, `e2e-drain=${time}`])
    const only = ['--ignore-daemonsets', '--delete-emptydir-data', `--pod-selector=e2e-drain=${time}`]
    try {
      await kubectl.ok(['drain', node, ...only, '--timeout=180s'])
    } finally {
      await kubectl.ok(['uncordon', node])
    }
    await kubectl.ok(['rollout', 'status', '-n', namespace, `deployment/mcp-${server}`, '--timeout=180s'])
  }
}

/** Runs while others may change what the operator made; an API server needs a moment until it has forgotten a binding. */
async function unprotected(kubectl: Kubectl, run: () => Promise<unknown>): Promise<void> {
  await kubectl.ok(['delete', 'validatingadmissionpolicybinding', 'owned.mcp.gateway.io'])
  try {
    await run()
  } finally {
    await kubectl.ok(['apply', '-f', join(root, 'config/admission/owned.yaml')])
  }
}

/** The same without the hook, which the operator puts back as soon as it may: it is away meanwhile. */
async function withoutHook(stage: Stage, fixture: ServerFixture): Promise<string> {
  const { kubectl } = stage
  return withoutOperator(kubectl, async () => {
    const hook = [{ op: 'remove', path: '/spec/template/spec/containers/0/lifecycle' }]
    const patch = ['patch', '-n', space, `deployment/mcp-${fixture.server}`, '--type=json', '-p', JSON.stringify(hook)]
    await unprotected(kubectl, () => eventually(() => kubectl.ok(patch), 30_000))
    await kubectl.ok(['rollout', 'status', '-n', space, `deployment/mcp-${fixture.server}`, '--timeout=180s'])
    const { report } = await underLoad(stage, fixture, () => restart(stage, fixture, 1))
    const { quick, slow } = report
    const text = `0.5 s: ${quick.lostInAll} of ${quick.sent} lost; 20 s: ${slow.lostInAll} of ${slow.sent} lost`
    demand(quick.lostInAll + slow.lostInAll > 0, `${text}: the run with the hook proves nothing`)
    return text
  })
}

/** A server that answers nothing any more, its health included, until the kubelet starts it anew. */
async function hanging(stage: Stage, fixture: ServerFixture): Promise<string> {
  const { kubectl } = stage
  const of = async (path: string): Promise<string> => {
    const label = `app.kubernetes.io/instance=${fixture.server}`
    return kubectl.ok(['get', 'pods', '-n', fixture.namespace, '-l', label, '-o', `jsonpath=${path}`])
  }
  const guard = '{.items[*].status.initContainerStatuses[0].containerID}'
  const before = await of(guard)
  const hung = Date.now()
  await fixture.call('hang')
  await eventually(async () => {
    demand(
      (await of('{.items[*].status.containerStatuses[0].restartCount}')) !== '0',
      'the server was not started anew',
    )
  }, 120_000)
  const started = Date.parse(await of('{.items[0].status.containerStatuses[0].state.running.startedAt}'))
  demand(!Number.isNaN(started), 'the server does not run')
  const answered = await eventually(
    async () => {
      const { result, error } = await fixture.call('echo', { text: 'back' })
      demand(result?.content?.[0]?.text === 'back', error ?? 'another answer')
      return Date.now()
    },
    60_000,
    100,
  )
  demand((await of(guard)) === before, 'the gateway was started anew')
  const took = `a call is answered ${((answered - started) / 1000).toFixed(1)} s after the new start (to the second), ${((answered - hung) / 1000).toFixed(1)} s after it hung`
  demand(answered - started <= 10_000, took)
  return `${took}; the gateway was not started anew`
}

/** Restarts and drains under load, by callers that never try again. */
export const rolling: Point = {
  id: '4',
  title: 'Rolling restarts and drains under load',
  short: true,
  demo: false,
  async run(stage) {
    await withServer(stage, space, { server: { replicas: 2 } }, async fixture => {
      const [restarts, drains] = stage.full ? [20, 3] : [2, 1]
      await judged(stage, fixture, `${restarts} restarts`, () => restart(stage, fixture, restarts))
      await judged(stage, fixture, `${drains} drains`, () => drain(stage, fixture, drains))
      await stage.row('without the hook calls are lost', () => withoutHook(stage, fixture))
    })
    await withServer(stage, hangs, { server: { healthCheck: { path: '/health', interval: '5s' } } }, async fixture => {
      await stage.row('a server that hangs is served again within 10 s of its restart', () => hanging(stage, fixture))
    })
  },
}
