import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noControlPlane } from '../controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../controlplane/index.ts'
import type { Json, Rest } from '../controlplane/rest.ts'
import { create, install } from '../manifests/install.ts'
import { operatorRoles, without } from '../manifests/grants.ts'
import { silent } from '../../operator/kit/log.ts'
import type { Operator } from '../../operator/options.ts'
import { startOperator } from '../../operator/start.ts'

const core = '/api/v1/namespaces/team'
const ours = '/apis/mcp.gateway.io/v1/namespaces/team'
const weather = `${ours}/mcpservers/weather`
const version = { apiVersion: 'mcp.gateway.io/v1' }

/** The objects of a server, each with a field that somebody else sets otherwise, or none when labels are all that can be told. */
const children = {
  ServiceAccount: `${core}/serviceaccounts/mcp-weather`,
  ConfigMap: `${core}/configmaps/mcp-weather`,
  Service: `${core}/services/mcp-weather`,
  NetworkPolicy: '/apis/networking.k8s.io/v1/namespaces/team/networkpolicies/mcp-weather',
  Deployment: '/apis/apps/v1/namespaces/team/deployments/mcp-weather',
} as const

const named = Object.entries(children).map(([kind, path]) => ({ kind, path }))

const objects: readonly (readonly [string, object])[] = [
  [`${core}/secrets`, { metadata: { name: 'api-key' }, stringData: { key: 'x' } }],
  [`${ours}/mcpgateways`, { ...version, kind: 'MCPGateway', metadata: { name: 'default' }, spec: {} }],
  [
    `${ours}/guardrailpolicies`,
    {
      ...version,
      kind: 'GuardrailPolicy',
      metadata: { name: 'baseline' },
      spec: { servers: ['*'] },
    },
  ],
  [
    `${ours}/apikeys`,
    {
      ...version,
      kind: 'APIKey',
      metadata: { name: 'alice' },
      spec: { generate: { secretName: 'alice-key' }, allowedServers: ['*'] },
    },
  ],
  [
    `${ours}/mcpservers`,
    {
      ...version,
      kind: 'MCPServer',
      metadata: { name: 'weather' },
      spec: {
        image: 'weather',
        secrets: [{ name: 'api-key', envVar: 'API_KEY' }],
      },
    },
  ],
]

const statuses = ['mcpgateways/default', 'guardrailpolicies/baseline', 'apikeys/alice', 'mcpservers/weather'] as const

/** Milliseconds. */
const patience = process.env['BARTIZAN_WITHOUT'] === undefined ? 20_000 : 8000

/**
 * One walk through everything for which the operator talks to the API server, as the ServiceAccount of config/rbac. `hack/rbac/necessity.ts` runs it without one
 * verb at a time.
 */
describe.skipIf(noControlPlane)('with the rights of config/rbac the operator', () => {
  let plane: OwnControlPlane
  let api: Rest
  let operator: Operator

  const start = async (identity: string): Promise<Operator> =>
    startOperator({
      credentials: await plane.account('bartizan-system', 'bartizan-operator'),
      namespace: 'bartizan-system',
      gatewayImage: 'bartizan/gateway:dev',
      identity,
      log: silent,
      lost: () => {},
    })

  beforeAll(async () => {
    const enforced = '--enable-admission-plugins=OwnerReferencesPermissionEnforcement'
    plane = await controlPlane({
      controllers: true,
      nodes: 1,
      flags: [enforced],
    })
    api = plane.rest()
    await install(plane, 'team')
    operator = await start('rights')
    for (const [path, body] of objects) await create(plane, path, body)
  })
  afterAll(async () => {
    await operator?.stop()
    await plane?.stop()
  })

  const get = async (path: string): Promise<Json> => (await api.request('GET', path)).body
  const statusOf = async (path: string): Promise<number> => (await api.request('GET', path)).status
  const patch = (path: string, body: object) => api.request('PATCH', path, body)
  /** Waits until something holds; a right that lacks shows as a wait without end, which is cut short where one was taken away. */
  const eventually = (what: () => Promise<boolean>) => vi.waitUntil(what, { timeout: patience, interval: 100 })
  const generationOf = (object: Json): unknown => (object['metadata'] as { generation?: number }).generation
  const observed = (object: Json): unknown => (object['status'] as { observedGeneration?: number })?.observedGeneration
  const versionOf = (object: Json): unknown => (object['metadata'] as { resourceVersion?: string }).resourceVersion

  test('holds the Lease, and goes on holding it', async () => {
    const lease = '/apis/coordination.k8s.io/v1/namespaces/bartizan-system/leases/bartizan-operator'
    await eventually(async () => (await statusOf(lease)) === 200)
    const first = versionOf(await get(lease))
    await eventually(async () => versionOf(await get(lease)) !== first)
    expect((await get(lease))['spec']).toMatchObject({
      holderIdentity: expect.stringContaining('rights') as string,
    })
  })

  test.each(named)('makes the $kind of a server', async ({ path }) => {
    await eventually(async () => (await statusOf(path)) === 200)
    expect(await get(path)).toMatchObject({
      metadata: { labels: { 'app.kubernetes.io/managed-by': 'bartizan' } },
    })
  })

  test('makes the guard secret, and a key that is delivered once', async () => {
    for (const name of ['weather-guard', 'alice-key', 'alice-digest'])
      await eventually(async () => (await statusOf(`${core}/secrets/${name}`)) === 200)
    // For the moment until its delivery the key stands beside its digest.
    await eventually(async () => !('pending' in ((await get(`${core}/secrets/alice-digest`))['data'] as object)))
    expect(Object.keys((await get(`${core}/secrets/alice-digest`))['data'] as object)).toEqual(['digest', 'secretName'])
  })

  test.each(statuses)('writes the status of %s', async name => {
    await eventually(async () => observed(await get(`${ours}/${name}`)) === 1)
    expect((await get(`${ours}/${name}`))['status']).toMatchObject({
      conditions: expect.anything() as unknown,
    })
  })

  test.each(statuses)('sees a change of %s', async name => {
    const path = `${ours}/${name}`
    const spec: Readonly<Record<string, object>> = {
      mcpgateways: { hosts: ['mcp.example.com'] },
      guardrailpolicies: { except: ['none'] },
      apikeys: { allowedServers: ['weather'] },
      mcpservers: { args: ['--fast'] },
    }
    await patch(path, { spec: spec[name.split('/')[0]!] })
    await eventually(async () => {
      const object = await get(path)
      return observed(object) === generationOf(object)
    })
    expect(observed(await get(path))).toBeGreaterThan(1)
  })

  test('keeps the last good spec of each object', async () => {
    const kept = `${core}/configmaps?labelSelector=mcp.gateway.io%2Flast-good`
    await eventually(async () => ((await get(kept))['items'] as unknown[]).length === statuses.length)
    expect((await get(kept))['items']).toHaveLength(statuses.length)
  })

  test('has the kubelets of the pods look at a new configuration at once', async () => {
    const pods = `${core}/pods?labelSelector=app.kubernetes.io%2Finstance%3Dweather`
    type Pod = { metadata: { annotations?: Record<string, string> } }
    const poked = async (): Promise<string[]> =>
      ((await get(pods))['items'] as Pod[]).flatMap(
        pod => pod.metadata.annotations?.['mcp.gateway.io/configuration'] ?? [],
      )
    await eventually(async () => ((await get(pods))['items'] as Pod[]).length > 0)
    const before = await poked()
    await patch(`${ours}/guardrailpolicies/baseline`, {
      spec: { input: { forbiddenKeywords: ['nightjar'] } },
    })
    await eventually(async () => (await poked()).some(one => !before.includes(one)))
    expect(await poked()).not.toEqual(before)
  })

  test('lets nobody else change what it made, until the binding is deleted', async () => {
    const binding = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/owned.mcp.gateway.io'
    const change = (path: string) =>
      patch(`${path}?dryRun=All`, { metadata: { labels: { 'app.kubernetes.io/name': 'x' } } })
    expect((await change(children.Service)).status).toBe(403)
    await api.request('DELETE', binding)
    await eventually(async () => (await change(children.Service)).status === 200)
    expect(await statusOf(binding)).toBe(404)
  })

  test.each(named)('puts the $kind back as it was', async ({ path }) => {
    const name = 'app.kubernetes.io/name'
    await patch(path, { metadata: { labels: { [name]: 'other' } } })
    await eventually(
      async () => ((await get(path))['metadata'] as { labels: object }).labels[name as never] === 'mcp-server',
    )
    expect(await get(path)).toMatchObject({
      metadata: { labels: { [name]: 'mcp-server' } },
    })
  })

  test.each(named)('makes the $kind anew that somebody deleted', async ({ path }) => {
    const { uid } = (await get(path))['metadata'] as { uid: string }
    await api.request('DELETE', path)
    await eventually(async () => {
      const { status, body } = await api.request('GET', path)
      return status === 200 && (body['metadata'] as { uid: string }).uid !== uid
    })
    expect(await statusOf(path)).toBe(200)
  })

  test.each(named)('removes a further $kind that a server does not need', async ({ path }) => {
    const { metadata, ...rest } = await get(path)
    const { labels, ownerReferences } = metadata as {
      labels: object
      ownerReferences: object[]
    }
    const former = `${path}-former`
    const spec = 'spec' in rest ? { spec: formerSpec(rest['spec'] as object) } : {}
    await create(plane, path.slice(0, path.lastIndexOf('/')), {
      metadata: { name: 'mcp-weather-former', labels, ownerReferences },
      ...spec,
    })
    await eventually(async () => (await statusOf(former)) === 404)
    expect(await statusOf(path)).toBe(200)
  })

  /** Of a Service all but its address, which is taken. */
  const formerSpec = (spec: object): object => ({
    ...spec,
    clusterIP: undefined,
    clusterIPs: undefined,
  })

  const events = '/apis/events.k8s.io/v1/namespaces/team/events'
  type Event = {
    readonly note: string
    readonly reason: string
    readonly series?: { readonly count: number }
  }
  const told = async (): Promise<Event[]> =>
    ((await get(events))['items'] as Event[]).filter(({ reason }) => reason === 'SecretNotFound')
  const name = async (secret: string, status: 'True' | 'False'): Promise<void> => {
    await patch(weather, {
      spec: { secrets: [{ name: secret, envVar: 'API_KEY' }] },
    })
    type Condition = { readonly type: string; readonly status: string }
    const isSo = ({ conditions = [] }: { readonly conditions?: readonly Condition[] }): boolean =>
      conditions.some(one => one.type === 'ResolvedRefs' && one.status === status)
    await eventually(async () => isSo((await get(weather))['status'] as object))
  }

  test('tells what became of a server, and counts when it happens again', async () => {
    await name('missing', 'False')
    await eventually(async () => (await told()).length > 0)
    const before = (await told()).length
    await name('api-key', 'True')
    await name('missing', 'False')
    await eventually(async () => (await told()).some(({ series }) => (series?.count ?? 0) > 1))
    expect(await told()).toHaveLength(before)
  })

  test('can be stopped although it may not see everything', async () => {
    await operator.stop()
    const blind = operatorRoles().map(role => without(role, 'list pods'))
    await plane.kubectl(['replace', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: blind }))
    const second = await start('second')
    await second.elected()
    await second.stop()
    expect(second.isLeader()).toBe(false)
  })
})
