import { images } from '../images/index.ts'
import { gateway, key, server } from '../manifests.ts'
import { conditionsOf, readable, untilReady } from '../server-fixture.ts'
import { demand, eventually, inNamespace, type Point, type Stage } from '../stage.ts'

const space = 'e2e-broken'

type Case = {
  readonly what: string
  readonly name: string
  readonly spec: Readonly<Record<string, unknown>>
  /** What the condition has to name: cause and remedy. Without it the server has to become ready. */
  readonly says?: RegExp
}

const cases: readonly Case[] = [
  {
    what: 'a wrong image',
    name: 'wrong-image',
    spec: { image: 'bartizan.test/absent:1' },
    says: /bartizan\.test\/absent:1/,
  },
  {
    what: 'a Secret that lacks the key',
    name: 'missing-key',
    spec: { secrets: [{ name: 'incomplete', envVar: 'TOKEN', key: 'token' }] },
    says: /incomplete.*token|token.*incomplete/s,
  },
  {
    what: 'a server that crashes',
    name: 'crashing',
    spec: { env: [{ name: 'CRASH', value: 'no database' }] },
    says: /exit|crash|restart/i,
  },
  { what: 'an image with USER node', name: 'user-node', spec: {} },
  { what: 'an image with USER root', name: 'user-root', spec: { image: images.rootServer } },
  {
    what: 'a server that writes to its home',
    name: 'writes-home',
    spec: { env: [{ name: 'WRITE_HOME', value: '1' }] },
  },
]

async function explained(stage: Stage, name: string, says: RegExp): Promise<string> {
  return eventually(async () => {
    const conditions = await conditionsOf(stage, space, name)
    const found = conditions.find(({ status, message }) => status === 'False' && says.test(message))
    demand(found !== undefined, conditions.map(readable).join('; ') || 'no conditions yet')
    return readable(found)
  }, 90_000)
}

/** Whatever is wrong with a server is said where one looks. */
export const broken: Point = {
  id: '5',
  title: 'Servers that are broken, or need something',
  short: true,
  demo: true,
  async run(stage) {
    const { kubectl } = stage
    await inNamespace(kubectl, space, async () => {
      await kubectl.ok(['create', 'secret', 'generic', 'incomplete', '-n', space, '--from-literal=other=1'])
      const documents = cases.map(({ name, spec }) => server(space, name, spec))
      await kubectl.apply([gateway(space), key(space, 'ann', ['*']), ...documents].join('\n'))
      for (const { what, name, says } of cases) {
        await stage.row(what, async () =>
          says === undefined
            ? `Ready=True after ${(await untilReady(stage, space, name)).toFixed(1)} s`
            : explained(stage, name, says),
        )
      }
      await stage.row('a spec that cannot be', async () => {
        const { status, stderr } = await kubectl.run(
          ['apply', '--server-side', '-f', '-'],
          server(space, 'invalid', { port: 18080 }),
        )
        demand(status !== 0, 'it was accepted')
        return stderr.trim()
      })
    })
  },
}
