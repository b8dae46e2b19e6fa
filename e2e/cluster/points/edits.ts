import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { images } from '../images/index.ts'
import { system } from '../install.ts'
import { key, policy } from '../manifests.ts'
import { mountedConfiguration, nodeRow, signalGateway, withoutKubelet } from '../node.ts'
import { post } from '../reach.ts'
import { conditionsOf, podsOf, readable, untilReady, withServer, type ServerFixture } from '../server-fixture.ts'
import { demand, eventually, type Point, type Stage } from '../stage.ts'
import { foreign } from './foreign.ts'
import { rotation } from './rotation.ts'
import { pattern } from '../../../gateway/config/pattern.ts'

const space = 'e2e-edits'

const since = (began: number): string => `${((performance.now() - began) / 1000).toFixed(1)} s`

const forbid = ({ kubectl }: Stage, words: readonly string[]): Promise<string> =>
  kubectl.apply(policy(space, 'words', { servers: ['*'], input: { forbiddenKeywords: words } }))

/** Whether the gateway of one pod stops a word; the Service would choose one of both. */
async function isBlocked({ kubectl }: Stage, fixture: ServerFixture, pod: string, word: string): Promise<boolean> {
  const address = await kubectl.ok(['get', 'pod', '-n', space, pod, '-o', 'jsonpath={.status.podIP}'])
  const { server, key: secret, url } = fixture
  const posted = { address, host: new URL(url).host, server, key: secret, tool: 'echo', args: { text: word } }
  const says = await post({ kubectl, namespace: space, pod: 'caller' }, posted)
  demand(says.startsWith('200') || /policy/.test(says), says)
  return /policy/.test(says)
}

async function blocks(stage: Stage, fixture: ServerFixture, pod: string, word: string): Promise<void> {
  await eventually(
    async () => demand(await isBlocked(stage, fixture, pod, word), `${pod} lets ${word} through`),
    20_000,
    100,
  )
}

/** Pods with the times at which their containers started. */
async function starts({ kubectl }: Stage): Promise<string> {
  const statuses = '{.status.initContainerStatuses[*].containerID} {.status.containerStatuses[*].containerID}'
  const path = `jsonpath={range .items[*]}{.metadata.name} ${statuses}{"\\n"}{end}`
  return kubectl.ok(['get', 'pods', '-n', space, '-l', 'app.kubernetes.io/name=mcp-server', '-o', path])
}

async function edit(stage: Stage, fixture: ServerFixture): Promise<string> {
  const before = await starts(stage)
  const began = performance.now()
  await forbid(stage, ['first'])
  for (const pod of await podsOf(stage, space, fixture.server)) await blocks(stage, fixture, pod, 'first')
  const took = since(began)
  demand((await starts(stage)) === before, 'a container was started anew')
  return `both gateways block after ${took}, no container was started anew`
}

async function programmed(stage: Stage, name: string): Promise<string> {
  const found = (await conditionsOf(stage, space, name)).find(({ type }) => type === 'Programmed')
  return found === undefined ? 'no condition' : readable(found)
}

async function says(stage: Stage, name: string, expected: RegExp, within: number): Promise<string> {
  return eventually(
    async () => {
      const text = await programmed(stage, name)
      demand(expected.test(text), text)
      return text
    },
    within,
    100,
  )
}

/** Two gateways: one stands still while a policy changes, and finds a broken file when it goes on. */
async function frozen(stage: Stage, fixture: ServerFixture): Promise<void> {
  const { kubectl } = stage
  const [still, other] = await podsOf(stage, space, fixture.server)
  demand(still !== undefined && other !== undefined, 'there are not two pods')
  const at = { namespace: space, pod: still }
  await nodeRow(stage, 'one of two gateways frozen: Programmed=False names it within 10 s', async () => {
    await signalGateway(kubectl, at, 'SIGSTOP')
    const began = performance.now()
    await forbid(stage, ['second'])
    const text = await says(
      stage,
      fixture.server,
      pattern(`=False GatewayUnreachable: pod ${still}(?!.*${other})`),
      10_000,
    )
    return `after ${since(began)}: ${text}`
  })
  await nodeRow(stage, 'meanwhile the other blocks by the new policy', async () => {
    await blocks(stage, fixture, other, 'second')
    return 'it does'
  })
  await nodeRow(stage, 'given a file that does not compile: pod and reason within 10 s', async () => {
    // Both mount one ConfigMap, so the file of this one is broken on its node.
    const file = join(await mountedConfiguration(kubectl, space, still), '..data', 'gateway.1.json')
    return withoutKubelet(async () => {
      writeFileSync(file, '{"schema":1}')
      const began = performance.now()
      await signalGateway(kubectl, at, 'SIGCONT')
      const text = await says(stage, fixture.server, pattern(`=False GatewayRefused: .*${still}`), 10_000)
      return `after ${since(began)}: ${text}`
    })
  })
  await nodeRow(stage, 'meanwhile the other blocks by the new policy', async () => {
    await blocks(stage, fixture, other, 'second')
    return 'it does'
  })
  await nodeRow(stage, 'it recovers alone', async () => {
    const began = performance.now()
    await says(stage, fixture.server, /=True/, 120_000)
    await blocks(stage, fixture, still, 'second')
    return `Programmed=True after ${since(began)}, and it blocks by the new policy`
  })
}

/** Runs while an operator writes the number of the contract after this one, as after an upgrade and before the pods are replaced. */
async function withNextContract(stage: Stage, run: () => Promise<void>): Promise<void> {
  const { kubectl } = stage
  const use = async (image: string): Promise<void> => {
    await kubectl.ok(['set', 'image', '-n', system, 'deployment/bartizan-operator', `operator=${image}`])
    await kubectl.ok(['rollout', 'status', '-n', system, 'deployment/bartizan-operator', '--timeout=120s'])
  }
  await use(images.nextOperator)
  try {
    await run()
  } finally {
    await use(images.operator)
  }
}

async function refusedSince(fixture: ServerFixture): Promise<string> {
  const began = performance.now()
  await eventually(
    async () => {
      const { error } = await fixture.call('echo', { text: 'still here' })
      demand(error !== undefined && /401|403/.test(error), error ?? 'it is let in')
    },
    15_000,
    50,
  )
  return since(began)
}

async function previousSchema(stage: Stage, fixture: ServerFixture): Promise<void> {
  await forbid(stage, ['second'])
  for (const pod of await podsOf(stage, space, fixture.server)) await blocks(stage, fixture, pod, 'second')
  await withNextContract(stage, async () => {
    await stage.row('a gateway of the previous contract is told apart', () =>
      says(stage, fixture.server, /=False GatewayOutdated/, 60_000),
    )
    await stage.row('it keeps its policies', async () => {
      for (const pod of await podsOf(stage, space, fixture.server)) await blocks(stage, fixture, pod, 'second')
      const { result, error } = await fixture.call('echo', { text: 'hello' })
      demand(result?.content?.[0]?.text === 'hello', error ?? 'another answer')
      return 'calls are answered, the word is blocked'
    })
    await stage.row('and gets its revocations', async () => {
      await stage.kubectl.apply(key(space, 'ann', [fixture.server], { revoked: true }))
      return `refused within ${await refusedSince(fixture)} of kubectl apply, a new client each time`
    })
  })
  await stage.row('the operator of before is back', async () => {
    await stage.kubectl.apply(key(space, 'ann', [fixture.server], { revoked: false }))
    return `Ready=True after ${(await untilReady(stage, space, fixture.server)).toFixed(1)} s`
  })
}

/** Changes reach running gateways, and what does not is told. */
export const edits: Point = {
  id: '3',
  title: 'Edits without restart, gateways that lag behind',
  short: true,
  demo: false,
  async run(stage) {
    await withServer(stage, space, { server: { replicas: 2 } }, async fixture => {
      await stage.row('a guardrail is edited without a restart', () => edit(stage, fixture))
      await frozen(stage, fixture)
      await rotation(stage, fixture)
      await previousSchema(stage, fixture)
      await foreign(stage, fixture)
    })
  },
}
