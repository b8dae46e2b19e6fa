import { randomBytes } from 'node:crypto'
import { judged } from '../load.ts'
import { conditionsOf, podsOf, readable, type ServerFixture } from '../server-fixture.ts'
import { demand, eventually, type Stage } from '../stage.ts'

type Secret = { readonly metadata: { readonly uid: string }; readonly data: Readonly<Record<string, string>> }

const since = (began: number): string => `${((performance.now() - began) / 1000).toFixed(1)} s`

const secretOf = ({ server }: ServerFixture): string => `${server}-guard`

/** The operator looks at a guard secret again when the server is changed, and otherwise every five minutes. */
const touch = ({ kubectl }: Stage, { namespace, server }: ServerFixture): Promise<string> =>
  kubectl.ok(['annotate', '-n', namespace, 'mcpserver', server, '--overwrite', `rotated=${Date.now()}`])

/** Waits until none of some pods is left and the server is ready; gives `heard` every condition that it saw meanwhile. */
async function replaced(
  stage: Stage,
  { namespace, server }: ServerFixture,
  former: readonly string[],
  heard: (text: string) => void,
): Promise<void> {
  await eventually(async () => {
    const conditions = await conditionsOf(stage, namespace, server)
    for (const { type, status, reason } of conditions) if (status !== 'True') heard(`${type}=${status} ${reason}`)
    const left = (await podsOf(stage, namespace, server)).filter(pod => former.includes(pod))
    demand(left.length === 0, `${left.join(', ')} still there`)
    const ready = conditions.find(({ type }) => type === 'Ready')
    demand(ready?.status === 'True', ready === undefined ? 'no condition' : readable(ready))
  }, 180_000)
}

async function write(
  { kubectl }: Stage,
  fixture: ServerFixture,
  data: Readonly<Record<string, string | null>>,
): Promise<void> {
  const patch = ['--type=merge', '-p', JSON.stringify({ data })]
  await kubectl.ok(['patch', '-n', fixture.namespace, 'secret', secretOf(fixture), ...patch])
}

/** As docs/security-model.md says it. Answers with how long it took until no pod of before was left. */
async function rotate(stage: Stage, fixture: ServerFixture, heard: (text: string) => void): Promise<string> {
  const former = await podsOf(stage, fixture.namespace, fixture.server)
  const { data } = await stage.kubectl.json<Secret>(['get', '-n', fixture.namespace, 'secret', secretOf(fixture)])
  const began = performance.now()
  await write(stage, fixture, { previous: data['guard'] ?? '', guard: randomBytes(32).toString('base64') })
  await touch(stage, fixture)
  await replaced(stage, fixture, former, heard)
  const took = since(began)
  await write(stage, fixture, { previous: null })
  return took
}

async function lost(stage: Stage, fixture: ServerFixture): Promise<string> {
  const { kubectl } = stage
  const get = ['get', '-n', fixture.namespace, 'secret', secretOf(fixture)]
  const former = await podsOf(stage, fixture.namespace, fixture.server)
  const { metadata } = await kubectl.json<Secret>(get)
  const heard = new Set<string>()
  const began = performance.now()
  await kubectl.ok(['delete', '-n', fixture.namespace, 'secret', secretOf(fixture)])
  await touch(stage, fixture)
  const made = await eventually(async () => {
    const found = await kubectl.json<Secret>(get)
    demand(found.metadata.uid !== metadata.uid, 'it is still the one of before')
    return since(began)
  })
  await replaced(stage, fixture, former, text => heard.add(text))
  return `another one after ${made}, other pods and Ready=True after ${since(began)}; meanwhile ${[...heard].join(', ')}`
}

/** The guard secret of a server is rotated under load, and then lost. */
export async function rotation(stage: Stage, fixture: ServerFixture): Promise<void> {
  const heard = new Set<string>()
  let took: string | undefined
  await judged(stage, fixture, 'the guard secret is rotated', async () => {
    took = await rotate(stage, fixture, text => heard.add(text))
  })
  await stage.row('meanwhile every gateway answers its operator', () => {
    demand(took !== undefined, 'the rotation did not come to its end')
    const text = `other pods and Ready=True after ${took}; meanwhile ${[...heard].join(', ')}`
    const isTold = [...heard].some(one => /GatewayUnreachable|HandshakeFailed/.test(one))
    demand(!isTold, text)
    return Promise.resolve(text)
  })
  await stage.row('a guard secret that was deleted is made anew', () => lost(stage, fixture))
}
