import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../hack/controlplane/index.ts'
import type { Json, Rest } from '../hack/controlplane/rest.ts'
import { create, install } from '../hack/manifests/install.ts'
import { apps, core, networking, ours } from '../hack/rbac/places.ts'
import { podOf } from '../hack/rbac/made.ts'
import { silent } from '../operator/kit/log.ts'
import type { Operator } from '../operator/options.ts'
import { startOperator } from '../operator/start.ts'

const children = {
  Deployment: `${apps}/deployments/mcp-weather`,
  Service: `${core}/services/mcp-weather`,
  ConfigMap: `${core}/configmaps/mcp-weather`,
  ServiceAccount: `${core}/serviceaccounts/mcp-weather`,
  NetworkPolicy: `${networking}/networkpolicies/mcp-weather`,
} as const
const named = Object.entries(children).map(([kind, path]) => ({ kind, path }))
const binding = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/owned.mcp.gateway.io'

const container = (name: string, more: object): object => ({
  spec: { template: { spec: { [name]: [{ ...more }] } } },
})

describe.skipIf(noControlPlane)('what the operator made', () => {
  let plane: OwnControlPlane
  let operator: Operator
  let admin: Rest
  let editor: Rest

  beforeAll(async () => {
    plane = await controlPlane({ controllers: true, nodes: 1 })
    admin = plane.rest()
    await install(plane, 'team')
    editor = plane.rest(await plane.user('editor'))
    await create(plane, '/apis/rbac.authorization.k8s.io/v1/namespaces/team/rolebindings', {
      metadata: { name: 'editor' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'editor' }],
    })
    operator = await startOperator({
      credentials: await plane.account('bartizan-system', 'bartizan-operator'),
      namespace: 'bartizan-system',
      gatewayImage: 'bartizan/gateway:dev',
      identity: 'owned',
      log: silent,
      lost: () => {},
    })
    await serverCalled('weather')
    // An API server needs a moment until it has compiled a policy.
    const refused = async (): Promise<boolean> =>
      (await ask(admin, children.ConfigMap, { data: { x: 'y' } })).status === 403
    await vi.waitUntil(refused, { timeout: 30_000 })
  })
  afterAll(async () => {
    await operator?.stop()
    await plane?.stop()
  })

  const eventually = (what: () => Promise<boolean>) => vi.waitUntil(what, { timeout: 60_000, interval: 100 })
  const get = async (path: string): Promise<Json> => (await admin.request('GET', path)).body
  const statusOf = async (path: string): Promise<number> => (await admin.request('GET', path)).status
  const versionOf = async (path: string): Promise<string> =>
    ((await get(path))['metadata'] as { resourceVersion: string }).resourceVersion

  async function serverCalled(name: string): Promise<void> {
    const kind = { apiVersion: 'mcp.gateway.io/v1', kind: 'MCPServer' }
    await create(plane, `${ours}/mcpservers`, { ...kind, metadata: { name }, spec: { image: 'weather' } })
    await eventually(async () => (await statusOf(`${apps}/deployments/mcp-${name}`)) === 200)
    const rollout = ['rollout', 'status', `deployment/mcp-${name}`, '-n', 'team', '--timeout=60s']
    const { stderr, status } = await plane.kubectl(rollout)
    if (status !== 0) throw new Error(stderr)
  }

  const strategic = 'application/strategic-merge-patch+json'
  const ask = async (who: Rest, path: string, body: object, type?: string) => {
    const { status, body: answer } = await who.request('PATCH', `${path}?dryRun=All`, body, type)
    return { status, message: status < 300 ? '' : String(answer['message']) }
  }
  const users = () => [admin, editor]
  const refusal = { status: 403, message: expect.stringContaining('change the MCPServer weather') as string }
  const passes = { status: 200, message: '' }

  const foreign: readonly { what: string; path: string; body: object }[] = [
    {
      what: 'a variable of the gateway',
      path: children.Deployment,
      body: container('initContainers', { name: 'gateway', env: [{ name: 'NODE_OPTIONS', value: '--import=data:,' }] }),
    },
    {
      what: 'a variable of the server',
      path: children.Deployment,
      body: container('containers', { name: 'server', env: [{ name: 'DEBUG', value: '1' }] }),
    },
    { what: 'an image', path: children.Deployment, body: container('containers', { name: 'server', image: 'other' }) },
    {
      what: 'a further container',
      path: children.Deployment,
      body: container('containers', { name: 'other', image: 'other' }),
    },
    {
      what: 'a volume',
      path: children.Deployment,
      body: container('volumes', { name: 'other', emptyDir: {} }),
    },
    {
      what: 'a node selector',
      path: children.Deployment,
      body: { spec: { template: { spec: { nodeSelector: { disk: 'ssd' } } } } },
    },
    {
      what: 'a toleration',
      path: children.Deployment,
      body: container('tolerations', { operator: 'Exists' }),
    },
    {
      what: 'a namespace of the host',
      path: children.Deployment,
      body: { spec: { template: { spec: { hostNetwork: true } } } },
    },
    {
      what: 'a label of the pods',
      path: children.Deployment,
      body: { spec: { template: { metadata: { labels: { app: 'x' } } } } },
    },
    {
      what: 'an annotation of the pods',
      path: children.Deployment,
      body: { spec: { template: { metadata: { annotations: { x: 'y' } } } } },
    },
    {
      what: 'another annotation of the pods beside a restart',
      path: children.Deployment,
      body: {
        spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now', x: 'y' } } } },
      },
    },
    {
      what: 'the shape of the pods',
      path: children.Deployment,
      body: { spec: { template: { metadata: { annotations: { 'mcp.gateway.io/pod-shape': null } } } } },
    },
    { what: 'the number of pods', path: children.Deployment, body: { spec: { replicas: 3 } } },
    { what: 'a pause', path: children.Deployment, body: { spec: { paused: true } } },
    { what: 'a port of the node', path: children.Service, body: { spec: { type: 'NodePort' } } },
    { what: 'an external address', path: children.Service, body: { spec: { externalIPs: ['192.0.2.1'] } } },
    { what: 'a further port', path: children.Service, body: { spec: { ports: [{ name: 'x', port: 81 }] } } },
    { what: 'a selector', path: children.Service, body: { spec: { selector: { app: 'x' } } } },
    { what: 'a key of the configuration', path: children.ConfigMap, body: { data: { 'keys.9.json': '{}' } } },
    { what: 'a key less', path: children.ConfigMap, body: { data: null } },
    { what: 'bytes', path: children.ConfigMap, body: { binaryData: { x: 'AAAA' } } },
    { what: 'a token', path: children.ServiceAccount, body: { automountServiceAccountToken: true } },
    { what: 'a Secret to pull with', path: children.ServiceAccount, body: { imagePullSecrets: [{ name: 'x' }] } },
    { what: 'a way in', path: children.NetworkPolicy, body: { spec: { ingress: [{}] } } },
    { what: 'a way out', path: children.NetworkPolicy, body: { spec: { egress: [{}] } } },
    ...named.flatMap(({ kind, path }) => [
      { what: `a label of the ${kind}`, path, body: { metadata: { labels: { x: 'y' } } } },
      {
        what: `the label by which the ${kind} is the operator's`,
        path,
        body: { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } },
      },
      { what: `an annotation of the ${kind}`, path, body: { metadata: { annotations: { 'example.com/x': 'y' } } } },
    ]),
  ]

  test.each(foreign)('is not given $what by editor and administrator, who are told what to change', async one => {
    for (const user of users()) expect(await ask(user, one.path, one.body, strategic)).toEqual(refusal)
  })

  test('is not replaced, nor changed by an apply', async () => {
    const object = await get(children.ConfigMap)
    const changed = { ...object, data: {} }
    expect((await admin.request('PUT', `${children.ConfigMap}?dryRun=All`, changed)).status).toBe(403)
    const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mcp-weather' }, data: { x: 'y' } }
    const query = 'dryRun=All&fieldManager=x&force=true'
    const type = 'application/apply-patch+yaml'
    expect((await admin.request('PATCH', `${children.ConfigMap}?${query}`, applied, type)).status).toBe(403)
  })

  test('is not scaled; the MCPServer is', async () => {
    const scale = { spec: { replicas: 3 } }
    for (const user of users())
      expect(await ask(user, `${children.Deployment}/scale`, scale)).toEqual({
        status: 403,
        message: expect.stringContaining('scale the MCPServer weather') as string,
      })
    expect((await ask(admin, `${ours}/mcpservers/weather/scale`, scale)).status).toBe(200)
  })

  const free: readonly { what: string; path: string; body: object }[] = [
    {
      what: 'a restart',
      path: children.Deployment,
      body: { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } } },
    },
    {
      what: 'what the controller of Deployments notes',
      path: children.Deployment,
      body: { metadata: { annotations: { 'deployment.kubernetes.io/revision': '7' } } },
    },
    {
      what: 'a status',
      path: `${children.Deployment}/status`,
      body: { status: { observedGeneration: 1 } },
    },
    {
      what: 'a change of the guard secret',
      path: `${core}/secrets/weather-guard`,
      body: { data: { previous: 'AAAA' } },
    },
    ...named.flatMap(({ kind, path }) => [
      { what: `a finalizer of the ${kind}`, path, body: { metadata: { finalizers: ['example.com/x'] } } },
      { what: `no owner of the ${kind}`, path, body: { metadata: { ownerReferences: null } } },
      { what: `nothing new of the ${kind}`, path, body: {} },
    ]),
  ]

  test.each(free)('is given $what by whom RBAC lets', async ({ path, body }) => {
    expect(await ask(admin, path, body)).toEqual(passes)
  })

  test.each(named)('is written by others as it is: the $kind', async ({ path }) => {
    const answer = await admin.request('PUT', `${path}?dryRun=All`, await get(path))
    expect(answer.status).toBe(200)
  })

  test('stays the operator’s when its owner is taken away first', async () => {
    await serverCalled('orphan')
    const path = `${core}/configmaps/mcp-orphan`
    expect((await admin.request('PATCH', path, { metadata: { ownerReferences: null } })).status).toBe(200)
    expect((await ask(editor, path, { data: { x: 'y' } })).status).toBe(403)
    expect((await ask(editor, path, { metadata: { labels: null } })).status).toBe(403)
    expect((await editor.request('DELETE', path)).status).toBe(200)
  })

  test('is changed by the operator, and rolled out by the controllers, each a user of its own', async () => {
    await admin.request('PATCH', `${ours}/mcpservers/weather`, { spec: { args: ['--fast'], replicas: 2 } })
    const ready = async (): Promise<boolean> => {
      const { spec, status } = (await get(children.Deployment)) as {
        spec: { template: { spec: { containers: { args?: string[] }[] } } }
        status: { updatedReplicas?: number; readyReplicas?: number }
      }
      const isNew = spec.template.spec.containers[0]?.args?.[0] === '--fast'
      return isNew && status.updatedReplicas === 2 && status.readyReplicas === 2
    }
    await eventually(ready)
    const { annotations } = (await get(children.Deployment))['metadata'] as { annotations: Record<string, string> }
    expect(annotations['deployment.kubernetes.io/revision']).toBe('2')
    expect((await get('/apis/discovery.k8s.io/v1/namespaces/team/endpointslices'))['items']).not.toEqual([])
  })

  test.each(named)('is deleted by an editor, and made anew: the $kind', async ({ kind, path }) => {
    const who = kind === 'ServiceAccount' ? admin : editor
    const before = await versionOf(path)
    expect((await who.request('DELETE', path)).status).toBe(200)
    await eventually(async () => (await statusOf(path)) === 200 && (await versionOf(path)) !== before)
    expect(await statusOf(path)).toBe(200)
  })

  test('goes with its server, and with its namespace', async () => {
    await serverCalled('brief')
    await admin.request('DELETE', `${ours}/mcpservers/brief?propagationPolicy=Foreground`)
    await eventually(async () => (await statusOf(`${apps}/deployments/mcp-brief`)) === 404)
    await eventually(async () => (await statusOf(`${ours}/mcpservers/brief`)) === 404)
    expect(await statusOf(`${core}/configmaps/mcp-brief`)).toBe(404)
  })

  test('is nothing in a namespace of the cluster itself, and the server says why', async () => {
    const path = '/apis/mcp.gateway.io/v1/namespaces/kube-system/mcpservers'
    const body = {
      apiVersion: 'mcp.gateway.io/v1',
      kind: 'MCPServer',
      metadata: { name: 'inner' },
      spec: { image: 'x' },
    }
    await create(plane, path, body)
    type Status = { conditions?: { type: string; reason: string; message: string }[] }
    const programmed = async () =>
      ((await get(`${path}/inner`))['status'] as Status | undefined)?.conditions?.find(one => one.type === 'Programmed')
    await eventually(async () => (await programmed()) !== undefined)
    expect(await programmed()).toMatchObject({
      reason: 'ApplyRefused',
      message: expect.stringContaining('namespaces that begin with kube-') as string,
    })
    expect(await statusOf('/api/v1/namespaces/kube-system/serviceaccounts/mcp-inner')).toBe(404)
  })

  test('of others is theirs', async () => {
    const body = {
      metadata: { name: 'theirs' },
      spec: {
        selector: { matchLabels: { app: 'theirs' } },
        template: { metadata: { labels: { app: 'theirs' } }, spec: podOf('weather') },
      },
    }
    await create(plane, `${apps}/deployments`, body)
    const path = `${apps}/deployments/theirs`
    expect(await ask(editor, path, { spec: { paused: true } })).toEqual(passes)
    expect(await ask(editor, `${path}/scale`, { spec: { replicas: 2 } })).toEqual(passes)
  })

  describe('once the binding is deleted', () => {
    beforeAll(async () => {
      await admin.request('DELETE', binding)
      await eventually(async () => (await ask(editor, children.ConfigMap, { data: { x: 'y' } })).status === 200)
    })

    test('is changed by whom RBAC lets', async () => {
      expect(await ask(editor, children.Deployment, { spec: { replicas: 3 } })).toEqual(passes)
      expect(await ask(editor, `${children.Deployment}/scale`, { spec: { replicas: 3 } })).toEqual(passes)
    })

    test('goes with its namespace', async () => {
      await plane.kubectl(['apply', '-k', 'config/default'])
      await eventually(async () => (await ask(editor, children.ConfigMap, { data: { x: 'y' } })).status === 403)
      await admin.request('DELETE', '/api/v1/namespaces/team')
      await eventually(async () => (await statusOf('/api/v1/namespaces/team')) === 404)
      expect(await statusOf(children.Deployment)).toBe(404)
    })
  })
})
