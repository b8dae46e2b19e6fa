import { conditionsOf, podsOf, readable, untilReady, type ServerFixture } from '../server-fixture.ts'
import { demand, eventually, type Stage } from '../stage.ts'

const since = (began: number): string => `${((performance.now() - began) / 1000).toFixed(1)} s`

const variable = { name: 'NODE_OPTIONS', value: '--import=data:text/javascript,0' }
const patch = JSON.stringify([{ op: 'add', path: '/spec/template/spec/initContainers/0/env/-', value: variable }])

/** Code in the guard, by a variable that its Deployment does not ask for. */
async function variableOfGuard({ kubectl }: Stage, { namespace, server }: ServerFixture): Promise<string> {
  const deployment = ['deployment', `mcp-${server}`, '-n', namespace]
  const began = performance.now()
  const { status, stderr } = await kubectl.run(['patch', ...deployment, '--type=json', '-p', patch])
  // The fence refuses it to everybody; the repair is for the day on which it is not there.
  if (status !== 0) {
    demand(/denied/.test(stderr), stderr)
    return `refused: ${stderr.trim().slice(0, 160)}`
  }
  await eventually(
    async () => {
      const asked = await kubectl.ok(['get', ...deployment, '-o', 'json'])
      demand(!asked.includes(variable.name), 'it is still there')
    },
    10_000,
    50,
  )
  return `gone after ${since(began)}`
}

/** A guard of another image, changed in its pod. */
async function imageOfGuard(stage: Stage, { namespace, server }: ServerFixture): Promise<string> {
  const { kubectl } = stage
  const [pod] = await podsOf(stage, namespace, server)
  demand(pod !== undefined, 'there is no pod')
  const image = ['get', 'pod', pod, '-n', namespace, '-o', 'jsonpath={.spec.containers[0].image}']
  const began = performance.now()
  await kubectl.ok(['set', 'image', `pod/${pod}`, `gateway=${await kubectl.ok(image)}`, '-n', namespace])
  const text = await eventually(
    async () => {
      const ready = (await conditionsOf(stage, namespace, server)).find(({ type }) => type === 'Ready')
      demand(ready?.reason === 'GatewayAltered', ready ? readable(ready) : 'no condition')
      return readable(ready)
    },
    15_000,
    100,
  )
  const told = since(began)
  await kubectl.ok(['delete', 'pod', pod, '-n', namespace, '--wait=false'])
  const again = (await untilReady(stage, namespace, server)).toFixed(1)
  return `after ${told}: ${text}; its pod deleted, Ready=True after ${again} s`
}

/** What others put into the guard does not stay, or is said. */
export async function foreign(stage: Stage, fixture: ServerFixture): Promise<void> {
  await stage.row('a variable that is patched into the guard of the Deployment does not stay', () =>
    variableOfGuard(stage, fixture),
  )
  await stage.row('the image of a guard that is changed in its pod is said', () => imageOfGuard(stage, fixture))
}
