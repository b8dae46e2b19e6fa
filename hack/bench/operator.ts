import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { controlPlane } from '../controlplane/index.ts'
import type { Rest } from '../controlplane/rest.ts'
import { bundleOperator } from '../bundle-operator.ts'
import { operatorFlags } from '../flags.ts'
import { conditionsOf, kubectl, list, operatorNamespace, paths, until, versions } from '../operator/stage.ts'
import { pattern } from '../../gateway/config/pattern.ts'

const usage = `node hack/bench/operator.ts [--servers 500] [--namespaces 1]

How long the operator takes until each of many servers has its objects and a status, what it costs, and whether it is silent afterwards.
With a real API server, real controllers, and pods that a fake kubelet plays.`

const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: '500' },
    namespaces: { type: 'string', default: '1' },
    flags: { type: 'string', default: operatorFlags().join(' ') },
  },
})
const [servers, namespaces] = [Number(values.servers), Number(values.namespaces)]
if (!(servers > 0 && namespaces > 0)) throw new Error(usage)

const flags = values.flags.split(' ')
const clockTicks = 100
const namespaceOf = (at: number): string => `bench-${at % namespaces}`
const all = Array.from({ length: namespaces }, (_, at) => namespaceOf(at))

/** Looking costs the API server what it has no time for. */
const pause = (seconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, seconds * 1000))

/** What a process has cost so far, from /proc: seconds of processor, MiB resident now and at most, MiB that it alone has. */
function cost(pid: number): { cpu: number; rss: number; most: number; anonymous: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string): number => Math.round(Number(pattern(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) / clockTicks,
    rss: mib('VmRSS'),
    most: mib('VmHWM'),
    anonymous: mib('RssAnon'),
  }
}

async function make(rest: Rest): Promise<void> {
  const next = Array.from({ length: servers }, (_, at) => at).values()
  const worker = async (): Promise<void> => {
    for (const at of next) {
      const { status } = await rest.request('POST', paths.MCPServer(namespaceOf(at)), {
        apiVersion: 'mcp.gateway.io/v1',
        kind: 'MCPServer',
        metadata: { name: `server-${at}` },
        spec: {
          image: 'example.test/mcp:1',
          resources: { limits: { cpu: '500m', memory: '256Mi' } },
          healthCheck: { path: '/health', interval: '30s' },
        },
      })
      if (status !== 201) throw new Error(`a server was refused: ${status}`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

const counted = async (rest: Rest): Promise<{ judged: number; deployed: number }> => {
  const found = await Promise.all(
    all.map(async ns => [await list(rest, 'MCPServer', ns), await list(rest, 'Deployment', ns)] as const),
  )
  return {
    judged: found.flatMap(([servers]) => servers).filter(one => conditionsOf(one).length > 0).length,
    deployed: found.flatMap(([, deployments]) => deployments).length,
  }
}

let addresses = 0
/** Addresses of this machine at which no process listens: gateways that refuse at once. */
const plan = () => ({ ip: `127.80.${(++addresses >> 8) & 255}.${addresses & 255}` })

const plane = await controlPlane({ controllers: true, endpoints: false, crds: true })
await plane.kubelet({ nodes: 4, plan })
try {
  process.stderr.write('up\n')
  for (const name of [operatorNamespace, ...all]) await kubectl(plane, ['create', 'namespace', name])
  const rest = plane.rest()
  const child = spawn(process.execPath, [...flags, await bundleOperator(), '--unfenced'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      POD_NAME: 'bench',
      POD_NAMESPACE: operatorNamespace,
      GATEWAY_IMAGE: 'example.test/gateway:1',
      HEALTH_PORT: '0',
      KUBECONFIG: plane.kubeconfig,
    },
  })
  const failures: string[] = []
  let isElected = false
  createInterface({ input: child.stdout }).on('line', line => {
    const said = JSON.parse(line) as { level: string; event: string }
    if (said.event === 'elected') isElected = true
    if (said.level === 'error') failures.push(line)
  })
  await until(async () => isElected, 'the operator to be elected')
  process.stderr.write('elected\n')
  const idle = cost(child.pid!)
  const began = performance.now()
  await make(rest)
  const made = performance.now()
  process.stderr.write('created\n')
  await until(
    async () => {
      await pause(1)
      const { judged, deployed } = await counted(rest)
      return judged === servers && deployed === servers
    },
    'all servers to be reconciled',
    600_000,
  )
  const done = performance.now()
  const busy = cost(child.pid!)
  let last = ''
  await until(
    async () => {
      const now = JSON.stringify(await Promise.all(all.map(ns => versions(rest, ns))))
      const same = now === last
      last = now
      if (!same) await pause(10)
      return same
    },
    'calm',
    600_000,
  )
  const calm = performance.now()
  const before = cost(child.pid!)
  await pause(60)
  const after = cost(child.pid!)
  const later = JSON.stringify(await Promise.all(all.map(ns => versions(rest, ns))))
  const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1)
  console.log(`servers                     ${servers} in ${namespaces} namespaces`)
  console.log(`created within              ${seconds(began, made)} s`)
  console.log(`reconciled after            ${seconds(began, done)} s (budget for 500: 60 s)`)
  console.log(`calm after                  ${seconds(began, calm)} s`)
  console.log(
    `operator, processor         ${(busy.cpu - idle.cpu).toFixed(1)} s until reconciled; then ${((after.cpu - before.cpu) / 60).toFixed(3)} s/s`,
  )
  console.log(
    `operator, memory            ${idle.rss} MiB resident at rest, ${busy.rss} when reconciled, ${after.rss} a minute after calm (${after.anonymous} its own), ${after.most} at most`,
  )
  console.log(`written in a minute of calm ${later === last ? 'nothing' : 'SOMETHING'}`)
  console.log(
    `failures                    ${failures.length}${failures
      .slice(0, 3)
      .map(line => `\n  ${line}`)
      .join('')}`,
  )
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  console.log(`ended with                  ${(await ended)[0]}`)
} finally {
  await plane.stop()
}
