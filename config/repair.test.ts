import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../hack/controlplane/index.ts'
import type { Json, Rest } from '../hack/controlplane/rest.ts'
import { create, install } from '../hack/manifests/install.ts'
import { container, madeFor, merged, server } from '../hack/rbac/made.ts'
import { apps, core, networking, ours } from '../hack/rbac/places.ts'
import { fenceProbes } from '../operator/fence/probes.ts'
import { pathOf } from '../operator/kit/resource.ts'

const account = '/api/v1/namespaces/bartizan-system/serviceaccounts/bartizan-operator'

describe.skipIf(noControlPlane)('the fence', () => {
  let plane: OwnControlPlane
  let admin: Rest
  let operator: Rest

  const foreignPod = {
    hostNetwork: true,
    hostAliases: [{ ip: '127.0.0.1', hostnames: ['x'] }],
    nodeName: 'node-1',
    dnsPolicy: 'Default',
    priorityClassName: 'foreign',
    securityContext: { supplementalGroups: [0], sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] },
    containers: [
      container({
        envFrom: [{ secretRef: { name: 'theirs' } }],
        ports: [{ containerPort: 80, hostPort: 80 }],
        readinessProbe: { tcpSocket: { port: 80, host: '192.0.2.1' } },
        resources: { limits: { 'example.com/fuse': '1' } },
        securityContext: { capabilities: { add: ['NET_ADMIN'] }, seccompProfile: { type: 'Unconfined' } },
      }),
      { name: 'foreign', image: 'foreign', securityContext: { privileged: true } },
    ],
    volumes: [
      { name: 'tmp', emptyDir: {} },
      { name: 'disk', hostPath: { path: '/' } },
    ],
  }

  const template = {
    labels: { app: 'foreign', empty: '' },
    annotations: { 'k8s.v1.cni.cncf.io/networks': 'host' },
    finalizers: ['example.com/x'],
  }

  /** What somebody put into the objects of the operator while nothing kept them off. */
  const foreign: Readonly<Record<string, object>> = {
    Deployment: { spec: { replicas: 200, template: { metadata: template, spec: foreignPod } } },
    Service: {
      spec: {
        type: 'NodePort',
        externalIPs: ['192.0.2.1'],
        publishNotReadyAddresses: true,
        selector: { app: 'foreign' },
        ports: [
          { name: 'http', port: 8080, targetPort: 18_080 },
          { name: 'x', port: 81 },
        ],
      },
    },
    NetworkPolicy: { spec: { ingress: [{}], egress: [{}] } },
    ConfigMap: { data: { foreign: 'x' }, binaryData: { bytes: 'AAAA' } },
    ServiceAccount: { secrets: [{ name: 'theirs' }], imagePullSecrets: [{ name: 'theirs' }] },
  }

  const metadata = {
    labels: { grafana_dashboard: '1' },
    annotations: { 'eks.amazonaws.com/role-arn': 'x' },
    finalizers: ['example.com/x'],
  }

  const paths: Readonly<Record<string, string>> = {
    Deployment: `${apps}/deployments/mcp-${server}`,
    Service: `${core}/services/mcp-${server}`,
    NetworkPolicy: `${networking}/networkpolicies/mcp-${server}`,
    ConfigMap: `${core}/configmaps/mcp-${server}`,
    ServiceAccount: `${core}/serviceaccounts/mcp-${server}`,
  }

  let uid: string
  beforeAll(async () => {
    plane = await controlPlane({ controllers: true })
    admin = plane.rest()
    await install(plane, 'team')
    operator = plane.rest(await plane.account('bartizan-system', 'bartizan-operator'))
    await create(plane, `${ours}/mcpservers`, {
      apiVersion: 'mcp.gateway.io/v1',
      kind: 'MCPServer',
      metadata: { name: server },
      spec: { image: 'sky' },
    })
    const { body } = await admin.request('GET', `${ours}/mcpservers/${server}`)
    uid = (body['metadata'] as { uid: string }).uid
    const made = madeFor(server, uid)
    for (const [kind, change] of Object.entries(foreign)) {
      const { path, body } = made[kind as keyof typeof made]
      await create(plane, path, merged(body, { metadata, ...change }) as object)
    }
    for (const { resource, object, says } of fenceProbes('bartizan-system')) {
      const path = `${pathOf(resource, 'bartizan-system')}?dryRun=All`
      await vi.waitUntil(async () => (await said(operator, 'POST', path, object)).includes(says), { timeout: 30_000 })
    }
  })
  afterAll(() => plane?.stop())

  const jsonPatch = 'application/json-patch+json'

  const said = async (who: Rest, method: string, path: string, body?: unknown, type?: string): Promise<string> => {
    const answer = await who.request(method, path, body, type)
    return answer.status < 300 ? 'ok' : `${answer.status} ${String(answer.body['message'])}`
  }
  const applied = (kind: string): object => {
    const { body } = madeFor(server, uid)[kind as 'Deployment']
    const apiVersions: Readonly<Record<string, string>> = {
      Deployment: 'apps/v1',
      NetworkPolicy: 'networking.k8s.io/v1',
    }
    return { apiVersion: apiVersions[kind] ?? 'v1', kind, ...body }
  }

  describe('hinders no repair', () => {
    test.each(Object.keys(foreign))('of a %s in which others have put everything that they could', async kind => {
      const whole = await asItWas(kind)
      expect(await said(operator, 'PATCH', `${paths[kind]}?dryRun=All`, whole, jsonPatch)).toBe('ok')
      expect(await said(operator, 'DELETE', `${paths[kind]}?dryRun=All`)).toBe('ok')
    })

    /** A patch that makes of an object what the operator wants, in one write. */
    async function asItWas(kind: string): Promise<object> {
      const { metadata: _, ...fields } = madeFor(server, uid)[kind as 'Deployment'].body
      const { spec = {} } = (await admin.request('GET', paths[kind] ?? '')).body as { spec?: Json }
      const { clusterIP, clusterIPs } = spec
      const address = kind === 'Service' ? { spec: { ...fields.spec, clusterIP, clusterIPs } } : {}
      return Object.entries({ ...fields, ...address }).map(([field, value]) => ({
        op: 'add',
        path: `/${field}`,
        value,
      }))
    }

    test('that leaves in place what others put in', async () => {
      const path = `${paths['Deployment']}?dryRun=All`
      expect(await said(operator, 'PATCH', path, { spec: { replicas: 2 } })).toBe('ok')
      for (const kind of ['Service', 'NetworkPolicy', 'ConfigMap', 'ServiceAccount']) {
        const apply = `${paths[kind]}?dryRun=All&force=true&fieldManager=bartizan`
        expect([kind, await said(operator, 'PATCH', apply, applied(kind), 'application/apply-patch+yaml')]).toEqual([
          kind,
          'ok',
        ])
      }
    })

    test('that puts its own container back beside a foreign one', async () => {
      const { path, body } = madeFor('robbed', uid).Deployment
      const robbed = { containers: [{ name: 'foreign', image: 'foreign', securityContext: { privileged: true } }] }
      await create(plane, path, merged(body, { spec: { template: { metadata: template, spec: robbed } } }) as object)
      const apply = `${path}/mcp-robbed?dryRun=All&force=true&fieldManager=bartizan`
      const whole = { apiVersion: 'apps/v1', kind: 'Deployment', ...body }
      expect(await said(operator, 'PATCH', apply, whole, 'application/apply-patch+yaml')).toBe('ok')
    })
  })

  describe('lets nothing grow that others put in', () => {
    const grown: readonly { what: string; containers: readonly object[] }[] = [
      { what: 'another image in a foreign container', containers: [{ name: 'foreign', image: 'mine' }] },
      {
        what: 'a variable in a foreign container',
        containers: [{ name: 'foreign', env: [{ name: 'A', value: 'b' }] }],
      },
      { what: 'another foreign container', containers: [{ ...foreignPod.containers[1], name: 'other' }] },
      {
        what: 'a foreign volume in a container of its own',
        containers: [{ name: 'server', volumeMounts: [{ name: 'disk', mountPath: '/disk' }] }],
      },
      { what: 'a container of its own in a namespace of the host', containers: [container({ name: 'new' })] },
    ]

    test.each(grown)('$what', async ({ containers }) => {
      const patch = { spec: { template: { spec: { containers } } } }
      const type = 'application/strategic-merge-patch+json'
      expect(await said(operator, 'PATCH', `${paths['Deployment']}?dryRun=All`, patch, type)).toMatch(/^403.*denied/)
    })
  })

  describe('lets pass what admission adds', () => {
    const { path, body } = madeFor('other').Deployment
    const more = (spec: object, meta: object = {}) =>
      merged(body, { metadata: meta, spec: { template: { metadata: meta, spec } } })
    const post = (object: unknown): Promise<string> => said(operator, 'POST', `${path}?dryRun=All`, object)

    test('where it decides on which nodes the pods run, what they are given, and what a Deployment is called', async () => {
      const scheduled = {
        tolerations: [{ operator: 'Exists' }],
        nodeSelector: { disk: 'ssd' },
        affinity: { nodeAffinity: {} },
        containers: [container({ resources: { limits: { 'ephemeral-storage': '1Gi' } } })],
      }
      expect(await post(more(scheduled))).toBe('ok')
      expect(await post(merged(body, { metadata: { labels: { cost: 'x' }, annotations: { x: 'y' } } }))).toBe('ok')
      expect(await post(more({ containers: [container(), container({ name: 'added' })] }))).toBe('ok')
    })

    test('elsewhere only by the word of who owns the ServiceAccount of the operator', async () => {
      const added = { labels: { cost: 'x' }, annotations: { 'example.com/added': 'y' } }
      const made = merged(madeFor('other').ConfigMap.body, { metadata: added })
      const make = (): Promise<string> => said(operator, 'POST', `${core}/configmaps?dryRun=All`, made)
      const runs = more({ runtimeClassName: 'kata' }, added)
      expect(await post(runs)).toContain('mcp.gateway.io/admission-adds')
      expect(await make()).toContain('mcp.gateway.io/admission-adds')
      const names = 'cost, example.com/added,runtimeClassName'
      await admin.request('PATCH', account, { metadata: { annotations: { 'mcp.gateway.io/admission-adds': names } } })
      await vi.waitUntil(async () => (await post(runs)) === 'ok' && (await make()) === 'ok', { timeout: 30_000 })
      expect(await post(more({ hostNetwork: true }, added))).toMatch(/^403/)
    })
  })
})
