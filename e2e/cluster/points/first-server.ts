import { inspector } from '../../clients/inspector.ts'
import { callFrom, forward, keyOf } from '../caller.ts'
import { areBuiltHere, imageSizes } from '../images/index.ts'
import { install, uninstall } from '../install.ts'
import { callerPod, gateway, key, server } from '../manifests.ts'
import { demand, inNamespace, type Point, type Stage } from '../stage.ts'
import { auditLog } from './audit-log.ts'
import { footprint } from './footprint.ts'

const space = 'e2e-first'
const url = `http://mcp-first.${space}.svc:8080/mcp/first`

const small = 'images are at most 100 MB compressed'

async function ready({ kubectl }: Stage): Promise<string> {
  const began = performance.now()
  await kubectl.ok(['wait', '-n', space, 'mcpserver/first', '--for=condition=Ready', '--timeout=60s'])
  return `Ready=True after ${((performance.now() - began) / 1000).toFixed(1)} s`
}

async function fromAPod({ kubectl }: Stage, secret: string): Promise<string> {
  await kubectl.ok(['wait', '-n', space, 'pod/caller', '--for=condition=Ready', '--timeout=60s'])
  const called = await callFrom(kubectl, space, 'caller', { url, key: secret, tool: 'echo', args: { text: 'hello' } })
  demand(called.result?.content?.[0]?.text === 'hello', JSON.stringify(called))
  return `${called.tools?.length} tools, echo answered`
}

async function fromOutside({ cluster }: Stage, secret: string): Promise<string> {
  const port = await forward(cluster, space, 'service/mcp-first', 8080)
  try {
    const { tools = [] } = await inspector('modern').connect({ url: `${port.url}/mcp/first`, key: secret })
    demand(tools.includes('echo'), `tools are ${tools.join(', ')}`)
    return `${tools.length} tools through a port-forward`
  } finally {
    port.stop()
  }
}

async function withoutKey({ kubectl }: Stage): Promise<string> {
  const { error } = await callFrom(kubectl, space, 'caller', { url, key: '' })
  demand(error !== undefined, 'a caller without a key was let in')
  return error.slice(0, 80)
}

/** From nothing to an answered call, with the commands of the README, and back to nothing. */
export const firstServer: Point = {
  id: '1',
  title: 'Install, a first server, uninstall',
  short: true,
  demo: true,
  async run(stage) {
    const { kubectl } = stage
    if (areBuiltHere(stage.cluster)) await stage.row(small, imageSizes)
    else stage.unseen(small, 'the images are not those of the Docker of this machine: set BARTIZAN_LOAD')
    if (!(await stage.row('kubectl apply -k config/default', () => install(kubectl)))) return
    await inNamespace(kubectl, space, async () => {
      await kubectl.apply(
        [gateway(space), server(space, 'first'), key(space, 'ann', ['first']), callerPod(space)].join('\n'),
      )
      if (!(await stage.row('a server is Ready within 60 s', () => ready(stage)))) return
      let secret = ''
      await stage.row('the generated key is fetched with one command', async () => {
        secret = await keyOf(kubectl, space, 'ann-key')
        return `${secret.length} characters`
      })
      await stage.row('an SDK client in another pod calls a tool', () => fromAPod(stage, secret))
      await stage.row('the Inspector CLI lists tools from outside', () => fromOutside(stage, secret))
      await stage.row('a caller without a key is refused', () => withoutKey(stage))
      await auditLog(stage, space, 'first')
      if (stage.full) await footprint(stage, space, 'first')
    })
  },
}

/** The end of everything; it runs last. */
export const removal: Point = {
  id: '9',
  title: 'Uninstall',
  short: true,
  demo: true,
  async run(stage) {
    await stage.row('kubectl delete -k config/default leaves nothing', () => uninstall(stage.kubectl))
  },
}
