import { images } from '../images/index.ts'
import { callerPod } from '../manifests.ts'
import { demand, eventually, inNamespace, type Point, type Stage } from '../stage.ts'

const space = 'e2e-enforcement'

/** A program for Node that answers every connection on a port. */
const listens = (port: number): string => `require('net').createServer(peer => peer.end('open')).listen(${port})`

/** A program that says `open` when it was answered so. */
const asks = (address: string, port: number): string =>
  `require('net').connect(${port}, '${address}').setTimeout(2000, () => process.exit(1)).on('error', () => {}).pipe(process.stdout)`

const container = (name: string, code: string): string =>
  `{name: ${name}, image: '${images.server}', command: ${JSON.stringify(['node', '-e', code])}}`

/** One pod listens on two ports, one asks. */
const pods = `
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: ${space}, labels: {app: server}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [${container('a', listens(8080))}, ${container('b', listens(9000))}]
${callerPod(space, 'client')}
`

const policy = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: one-port, namespace: ${space}}
spec:
  podSelector: {matchLabels: {app: server}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: client}}}], ports: [{port: 8080}]}]
`

const closed = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nowhere, namespace: ${space}}
spec: {podSelector: {matchLabels: {app: client}}, policyTypes: [Egress]}
`

async function reach({ kubectl }: Stage, address: string, port: number): Promise<boolean> {
  const { stdout } = await kubectl.run(['exec', '-n', space, 'client', '--', 'node', '-e', asks(address, port)])
  return stdout.includes('open')
}

/** Both ports, as `8080 open, 9000 refused`. */
async function ports(stage: Stage, address: string): Promise<string> {
  const [web, other] = [await reach(stage, address, 8080), await reach(stage, address, 9000)]
  return `8080 ${web ? 'open' : 'refused'}, 9000 ${other ? 'open' : 'refused'}`
}

async function expectPorts(stage: Stage, address: string, expected: string): Promise<string> {
  return eventually(async () => {
    const seen = await ports(stage, address)
    demand(seen === expected, seen)
    return seen
  }, 20_000)
}

/** Without enforcement the points about isolation would prove nothing: this one looks at it with pods of its own. */
export const enforcement: Point = {
  id: '0',
  title: 'NetworkPolicies are enforced here',
  short: true,
  demo: false,
  async run(stage) {
    const { kubectl } = stage
    await inNamespace(kubectl, space, async () => {
      await kubectl.apply(pods)
      await kubectl.ok(['wait', '-n', space, '--for=condition=Ready', 'pod', '--all', '--timeout=60s'])
      const address = await kubectl.ok(['get', 'pod', '-n', space, 'server', '-o', 'jsonpath={.status.podIP}'])
      await stage.row('without a policy both ports are open', () => expectPorts(stage, address, '8080 open, 9000 open'))
      await kubectl.apply(policy)
      await stage.row('a policy admits one port', () => expectPorts(stage, address, '8080 open, 9000 refused'))
      await kubectl.apply(closed)
      await stage.row('a policy without egress admits none', () =>
        expectPorts(stage, address, '8080 refused, 9000 refused'),
      )
      await kubectl.ok(['delete', '-n', space, 'networkpolicy', '--all'])
      await stage.row('without them both are open again', () => expectPorts(stage, address, '8080 open, 9000 open'))
    })
  },
}
