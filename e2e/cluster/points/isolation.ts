import { program } from '../program.ts'
import { callerPod } from '../manifests.ts'
import { nodeRow } from '../node.ts'
import { dial, get, type Place } from '../reach.ts'
import { podsOf, withServer, type ServerFixture } from '../server-fixture.ts'
import { demand, eventually, inNamespace, type Point, type Stage } from '../stage.ts'

const space = 'e2e-isolation'
const elsewhere = 'e2e-elsewhere'

async function addressOf(stage: Stage, fixture: ServerFixture): Promise<string> {
  const [pod] = await podsOf(stage, fixture.namespace, fixture.server)
  demand(pod !== undefined, 'the server has no pod')
  return stage.kubectl.ok(['get', 'pod', '-n', fixture.namespace, pod, '-o', 'jsonpath={.status.podIP}'])
}

/** What comes of a connection to every port, as `18080 open, 8080 ECONNREFUSED`. */
async function portsFrom(place: Place, address: string, expected: Readonly<Record<number, boolean>>): Promise<string> {
  return eventually(async () => {
    const seen: string[] = []
    for (const [port, isOpen] of Object.entries(expected)) {
      const says = await dial(place, address, Number(port))
      seen.push(`${port} ${says}`)
      demand((says === 'open') === isOpen, `${seen.join(', ')}, and ${port} should be ${isOpen ? 'open' : 'closed'}`)
    }
    return seen.join(', ')
  }, 15_000)
}

/** The drain and the status of a gateway are refused without their tokens even where no policy keeps strangers away. */
async function withoutPolicies(place: Place, address: string): Promise<string> {
  program('hack/cluster/policies', ['off'])
  try {
    const seen: string[] = []
    for (const path of ['/-/drain', '/-/status']) {
      const says = await get(place, `http://${address}:18081${path}`)
      seen.push(`${path} ${says}`)
      demand(/^40[134]/.test(says), seen.join(', '))
    }
    return seen.join(', ')
  } finally {
    program('hack/cluster/policies', ['on'])
  }
}

async function look(stage: Stage, fixture: ServerFixture): Promise<void> {
  const { kubectl } = stage
  const address = await addressOf(stage, fixture)
  const neighbour = { kubectl, namespace: space, pod: 'caller' }
  const stranger = { kubectl, namespace: elsewhere, pod: 'caller' }
  const scraper = { kubectl, namespace: elsewhere, pod: 'scraper' }
  const closed = { 8080: false, 18080: true, 18081: false, 9090: false }
  await stage.row('a pod of the namespace reaches the client port alone', () => portsFrom(neighbour, address, closed))
  await stage.row('a pod of another namespace does, too', () => portsFrom(stranger, address, closed))
  await stage.row('the scraper of MCPGateway reaches the metrics as well', () =>
    portsFrom(scraper, address, { ...closed, 9090: true }),
  )
  await stage.row('and reads them', async () => {
    const says = await get(scraper, `http://${address}:9090/metrics`)
    demand(says.startsWith('200'), says)
    return says.slice(0, 60)
  })
  await nodeRow(stage, 'with policies off, drain and status without their tokens are refused', () =>
    withoutPolicies(neighbour, address),
  )
}

/** Nothing but the guard's client port can be reached. */
export const isolation: Point = {
  id: '6',
  title: 'Isolation, with policies enforced',
  short: true,
  demo: true,
  async run(stage) {
    const { kubectl } = stage
    const scrapers = [{ namespace: elsewhere, podLabels: { app: 'scraper' } }]
    await inNamespace(kubectl, elsewhere, async () => {
      await kubectl.apply([callerPod(elsewhere), callerPod(elsewhere, 'scraper')].join('\n'))
      await kubectl.ok(['wait', '-n', elsewhere, 'pod', '--all', '--for=condition=Ready', '--timeout=60s'])
      await withServer(stage, space, { gateway: { metrics: { scrapers } } }, fixture => look(stage, fixture))
    })
  },
}
