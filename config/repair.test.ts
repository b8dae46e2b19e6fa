import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../hack/controlplane/index.ts'
import type { Rest } from '../hack/controlplane/rest.ts'
import { create, install } from '../hack/manifests/install.ts'
import { container, madeFor, merged, server } from '../hack/rbac/made.ts'
import { apps, core, networking, ours } from '../hack/rbac/places.ts'
import { fenceProbes } from '../operator/fence-probes.ts'
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
      const path = `${paths[kind]}?dryRun=All&force=true&fieldManager=bartizan`
      expect(await said(operator, 'PATCH', path, applied(kind), 'application/apply-patch+yaml')).toBe('ok')
      expect(await said(operator, 'PUT', `${paths[kind]}?dryRun=All`, await asItWas(kind))).toBe('ok')
      expect(await said(operator, 'DELETE', `${paths[kind]}?dryRun=All`)).toBe('ok')
    })

    /** As the operator makes it, with what the API server says alone. */
    async function asItWas(kind: string): Promise<object> {
      const { body } = await admin.request('GET', paths[kind] ?? '')
      const { resourceVersion, finalizers } = body['metadata'] as { resourceVersion: string; finalizers: string[] }
      const { clusterIP, clusterIPs } = (body['spec'] ?? {}) as { clusterIP?: string; clusterIPs?: string[] }
      const address = kind === 'Service' ? { spec: { clusterIP, clusterIPs } } : {}
      return merged(applied(kind), { metadata: { resourceVersion, finalizers }, ...address }) as object
    }

    const changes: readonly { what: string; body: object }[] = [
      { what: 'another image of its own container', body: { name: 'server', image: 'example.test/mcp:2' } },
      { what: 'a variable of its own container', body: { name: 'server', env: [{ name: 'A', value: 'b' }] } },
    ]
    test.each(changes)('by $what beside a foreign one', async ({ body }) => {
      const patch = { spec: { template: { spec: { containers: [body] } } } }
      const path = `${paths['Deployment']}?dryRun=All`
      expect(await said(operator, 'PATCH', path, patch, 'application/strategic-merge-patch+json')).toBe('ok')
    })

    test('and lets nothing foreign grow', async () => {
      const path = `${paths['Deployment']}?dryRun=All`
      const grown = [
        { name: 'foreign', image: 'mine' },
        { name: 'other', image: 'mine', securityContext: { privileged: true } },
      ]
      for (const one of grown) {
        const patch = { spec: { template: { spec: { containers: [one] } } } }
        const answer = await said(operator, 'PATCH', path, patch, 'application/strategic-merge-patch+json')
        expect([one.name, answer]).toEqual([one.name, expect.stringMatching(/^403/)])
      }
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
