import { system, withoutOperator } from '../install.ts'
import { gateway, key, server } from '../manifests.ts'
import { untilReady, withServer, type ServerFixture } from '../server-fixture.ts'
import { demand, eventually, inNamespace, type Point, type Stage } from '../stage.ts'

const space = 'e2e-away'
const many = 'e2e-midway'
const names = Array.from({ length: 8 }, (_, at) => `server-${at}`)

/** The pods of the operator, killed as `kill -9` would: without a farewell. */
async function kill({ kubectl }: Stage): Promise<void> {
  const which = ['-n', system, '-l', 'app.kubernetes.io/name=bartizan-operator']
  await kubectl.ok(['delete', 'pod', ...which, '--grace-period=0', '--force'])
}

async function killedMidWay(stage: Stage): Promise<string> {
  const { kubectl } = stage
  return inNamespace(kubectl, many, async () => {
    await kubectl.apply([gateway(many), key(many, 'ann', ['*']), ...names.map(name => server(many, name))].join('\n'))
    const there = await eventually(
      async () => {
        const found = await kubectl.ok(['get', 'deployments', '-n', many, '-o', 'name'])
        demand(found !== '', 'the operator has not begun')
        return found.split('\n').filter(Boolean).length
      },
      30_000,
      20,
    )
    await kill(stage)
    const began = performance.now()
    for (const name of names) await untilReady(stage, many, name, 180_000)
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    return `${there} of ${names.length} Deployments there when it was killed, all Ready ${seconds} s later`
  })
}

async function callsWhileAway({ kubectl }: Stage, fixture: ServerFixture): Promise<string> {
  return withoutOperator(kubectl, async () => {
    for (let calls = 0; calls < 10; calls++) {
      const { result, error } = await fixture.call('echo', { text: `${calls}` })
      demand(result?.content?.[0]?.text === `${calls}`, error ?? 'another answer')
    }
    return '10 of 10 answered'
  })
}

/** Everything in a namespace that could be a child, by name. */
async function children({ kubectl }: Stage, namespace: string): Promise<readonly string[]> {
  const kinds =
    'deployments,replicasets,pods,services,configmaps,secrets,serviceaccounts,networkpolicies,endpointslices'
  const label = ['-l', 'app.kubernetes.io/instance=one']
  const found = await kubectl.ok(['get', kinds, '-n', namespace, ...label, '-o', 'name'])
  return found.split('\n').filter(Boolean)
}

async function deletion(stage: Stage, fixture: ServerFixture): Promise<string> {
  const before = await children(stage, fixture.namespace)
  demand(before.length > 4, `it had only ${before.join(' ')}`)
  await stage.kubectl.ok(['delete', '-n', fixture.namespace, 'mcpserver', fixture.server])
  await eventually(async () => {
    const left = await children(stage, fixture.namespace)
    demand(left.length === 0, `still there: ${left.join(' ')}`)
  }, 90_000)
  return `${before.length} objects, none left`
}

/** The operator is needed for changes only, and may die at any time. */
export const operatorAway: Point = {
  id: '8',
  title: 'The operator killed, away and back',
  short: true,
  demo: true,
  async run(stage) {
    await stage.row('killed mid-way it finishes its work when it returns', () => killedMidWay(stage))
    await withServer(stage, space, {}, async fixture => {
      await stage.row('while it is away calls go on', () => callsWhileAway(stage, fixture))
      await stage.row('deleting the MCPServer leaves nothing', () => deletion(stage, fixture))
    })
  },
}
