import { images } from '../images/index.ts'
import { exhausting } from '../images/hostile/exhaust.ts'
import { nodeRow, outside } from '../node.ts'
import { answerOutside } from '../outside.ts'
import { dial, resolve } from '../reach.ts'
import { podsOf, withServer, type ServerFixture } from '../server-fixture.ts'
import { demand, type Point, type Stage } from '../stage.ts'
import { floods } from './floods.ts'
import { stolenPort } from './stolen-port.ts'

const space = 'e2e-hostile'

/** How often the containers of the guard were started anew, over all pods. */
async function restartsOfGuard(stage: Stage, { namespace, server }: ServerFixture): Promise<number> {
  const path = 'jsonpath={.items[*].status.initContainerStatuses[?(@.name=="gateway")].restartCount}'
  const label = `app.kubernetes.io/instance=${server}`
  const found = await stage.kubectl.ok(['get', 'pods', '-n', namespace, '-l', label, '-o', path])
  return found.split(' ').reduce((sum, text) => sum + Number(text), 0)
}

const textOf = async (fixture: ServerFixture, tool: string, args: object): Promise<string> => {
  const { result, error } = await fixture.call(tool, args)
  const text = result?.content?.[0]?.text
  demand(text !== undefined, error ?? 'no text')
  return text
}

/** Answers that are made to exhaust the guard end their own call alone. */
async function exhaust(stage: Stage, fixture: ServerFixture): Promise<string> {
  const seen: string[] = []
  for (const tool of Object.keys(exhausting)) {
    const { error, result } = await fixture.call(tool)
    demand(error !== undefined || JSON.stringify(result).length < 100_000, `${tool} came through`)
    seen.push(tool.replace('exhaust_', ''))
  }
  const restarts = await restartsOfGuard(stage, fixture)
  demand(restarts === 0, `the guard was started anew ${restarts} times`)
  return `${seen.join(', ')}: refused, the guard lives`
}

/** What the server gets to see of its guard is what any stranger sees: refusals, liveness and nothing else. */
async function spy(fixture: ServerFixture): Promise<string> {
  const service = `mcp-${fixture.server}.${fixture.namespace}.svc`
  const seen = JSON.parse(await textOf(fixture, 'spy', { service })) as Record<string, string>
  const open = Object.entries(seen).filter(
    ([where, says]) => says.startsWith('200') && !/readyz|:9090\/metrics/.test(where),
  )
  demand(open.length === 0, open.map(([where, says]) => `${where} ${says}`).join(', '))
  const counts = new Map<string, number>()
  for (const says of Object.values(seen)) counts.set(says.split(' ')[0]!, (counts.get(says.split(' ')[0]!) ?? 0) + 1)
  return [...counts].map(([says, times]) => `${says} ${times}×`).join(', ')
}

async function ports(stage: Stage, fixture: ServerFixture): Promise<string> {
  const [pod] = await podsOf(stage, fixture.namespace, fixture.server)
  const log = await stage.kubectl.ok(['logs', '-n', fixture.namespace, pod!, '-c', 'server'])
  const bound = log.split('\n').filter(line => line.startsWith('bound'))
  demand(bound.length === 0, bound.join(', '))
  return 'it tries every 5 ms in both families and has none'
}

/** A resolver and a server outside: the pod of the caller, which no policy selects, reaches both, and the server neither. */
async function reachOutside({ kubectl }: Stage, fixture: ServerFixture): Promise<string> {
  const there = await answerOutside(outside)
  try {
    const [address, port] = [`${outside}:${there.dns}`, there.tcp]
    const place = { kubectl, namespace: fixture.namespace, pod: 'caller' }
    const [asked, dialled] = [await resolve(place, address), await dial(place, outside, port)]
    demand(asked === 'answered' && dialled === 'open', `not even the caller reaches it: DNS ${asked}, TCP ${dialled}`)
    const dns = await textOf(fixture, 'dns', { address })
    const web = await textOf(fixture, 'dial', { host: outside, port })
    demand(dns !== 'answered' && web !== 'connected', `DNS ${dns}, TCP ${web}`)
    return `DNS ${dns}, TCP ${web}; the pod of the caller: DNS ${asked}, TCP ${dialled}`
  } finally {
    there.stop()
  }
}

/** The server is not a friend. */
export const hostile: Point = {
  id: '7',
  title: 'A hostile server',
  short: true,
  demo: false,
  async run(stage) {
    await withServer(stage, space, { server: { image: images.hostile } }, async fixture => {
      await stage.row('answers made to exhaust the guard are refused', () => exhaust(stage, fixture))
      await stage.row('calls from beside the guard get what a stranger gets', () => spy(fixture))
      await stage.row('the ports of the guard are taken', () => ports(stage, fixture))
      await nodeRow(stage, 'nothing outside is reached', () => reachOutside(stage, fixture))
    })
    await floods(stage)
    await stolenPort(stage)
  },
}
