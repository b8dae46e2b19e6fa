import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleOperator } from '../../hack/bundle-operator.ts'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { controlPlane } from '../../hack/controlplane/index.ts'
import type { Rest } from '../../hack/controlplane/rest.ts'
import { operatorProcess, type OperatorProcess } from '../../hack/operator/process.ts'
import {
  conditionsOf,
  list,
  namespaces,
  operatorNamespace,
  paths,
  quiet,
  versions,
  type ListedObject,
  type OwnControlPlane,
} from '../../hack/operator/stage.ts'

const servers = 500
const namespace = 'many'
/** Milliseconds, as the issue asks; with others on the two cores it is a bound all the same. */
const bound = 60_000
/** What is looked at for writes: longer than any Secret stays unread. */
const calm = 35_000

/** How often the API server has answered to something that the operator wrote; its lease, which it renews all the time, not counted. */
async function written(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const counts = [...text.matchAll(/^rest_client_requests_total\{([^}]*)\} (\d+)$/gm)]
  const writes = counts.filter(([, labels = '']) => !/method="GET"|lane="lease"/.test(labels))
  return writes.reduce((sum, [, , count]) => sum + Number(count), 0)
}

const spec = {
  image: 'example.test/mcp:1',
  resources: { limits: { cpu: '500m', memory: '256Mi' } },
  healthCheck: { path: '/health', interval: '30s' },
  toolPolicy: { mode: 'denylist', deniedTools: ['rm_*'] },
}

async function createAll(rest: Rest): Promise<void> {
  const next = Array.from({ length: servers }, (_, at) => `server-${at}`).values()
  const worker = async (): Promise<void> => {
    for (const name of next) {
      const body = { apiVersion: 'mcp.gateway.io/v1', kind: 'MCPServer', metadata: { name }, spec }
      expect((await rest.request('POST', paths.MCPServer(namespace), body)).status).toBe(201)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/** Whether every condition speaks of the spec as it is. */
function isJudged(server: ListedObject): boolean {
  const conditions = conditionsOf(server) as readonly { readonly observedGeneration?: number }[]
  return (
    conditions.length > 0 &&
    conditions.every(({ observedGeneration }) => observedGeneration === server.metadata.generation)
  )
}

const children = ['ServiceAccount', 'ConfigMap', 'Service', 'NetworkPolicy', 'Deployment'] as const

/** How many servers have each of the objects that the operator makes for them, and a status of this generation. */
async function reached(rest: Rest): Promise<Record<string, number>> {
  const named = (kind: (typeof children)[number] | 'Secret', pattern: RegExp): Promise<[string, number]> =>
    list(rest, kind, namespace).then(all => [kind, all.filter(({ metadata }) => pattern.test(metadata.name)).length])
  const judged = (await list(rest, 'MCPServer', namespace)).filter(isJudged).length
  const made = await Promise.all([
    ...children.map(kind => named(kind, /^mcp-server-\d+$/)),
    named('Secret', /^server-\d+-guard$/),
  ])
  return Object.fromEntries([['status', judged], ...made])
}

describe.skipIf(noControlPlane)('the operator and five hundred servers in one namespace', () => {
  let plane: OwnControlPlane
  let rest: Rest
  let operator: OperatorProcess | undefined
  beforeAll(async () => {
    plane = await controlPlane({ crds: true })
    rest = plane.rest()
    await namespaces(plane, operatorNamespace, namespace)
    operator = operatorProcess(await bundleOperator('operator-scale'), 'scale', plane.kubeconfig)
    await operator.said('elected')
  })
  afterAll(async () => {
    operator?.child.kill('SIGTERM')
    await operator?.ended
    await plane?.stop()
  })

  test('has made all objects and statuses within 60 s of the first create, and writes nothing afterwards', async () => {
    const { lines } = operator!
    const port = Number(lines.find(({ event }) => event === 'started')?.fields['port'])
    const began = performance.now()
    const creating = createAll(rest)
    // Looking costs the API server what it has no time for: one list, until it says that all are done.
    const isOver = async (): Promise<boolean> =>
      performance.now() - began > bound ||
      (await list(rest, 'MCPServer', namespace)).filter(isJudged).length === servers
    while (!(await isOver())) await new Promise(resolve => setTimeout(resolve, 1000))
    const seen = await reached(rest)
    const took = Math.round((performance.now() - began) / 100) / 10
    await creating
    console.log(`${servers} servers: all there after ${took} s`)
    expect(seen, `after ${took} s`).toEqual(Object.fromEntries(Object.keys(seen).map(kind => [kind, servers])))
    expect(took * 1000, 'milliseconds from the first create').toBeLessThanOrEqual(bound)

    const before = await quiet(rest, namespace, 3000)
    const count = await written(port)
    expect(count).toBeGreaterThan(servers * 8)
    await new Promise(resolve => setTimeout(resolve, calm))
    expect(await versions(rest, namespace)).toEqual(before)
    expect(await written(port)).toBe(count)
    expect(lines.filter(({ level }) => level === 'error')).toEqual([])
  }, 300_000)
})
