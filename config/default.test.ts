import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../hack/controlplane/index.ts'
import type { Rest } from '../hack/controlplane/rest.ts'
import { manifestsIn, root, type Manifest } from '../hack/manifests/files.ts'
import { create } from '../hack/manifests/install.ts'
import { madeFor } from '../hack/rbac/made.ts'
import { fenceProbes } from '../operator/fence/probes.ts'
import { pathOf } from '../operator/kit/resource.ts'

const folder = join(root, 'config/default')
const team = '/api/v1/namespaces/team'
const ours = '/apis/mcp.gateway.io/v1/namespaces/team'

type Port = { readonly name: string; readonly targetPort: number }
type PodTemplate = {
  readonly metadata: { readonly labels: object }
  readonly spec: { readonly containers: readonly { readonly ports: readonly { containerPort: number }[] }[] }
}

describe.skipIf(noControlPlane)('config/default', () => {
  let plane: OwnControlPlane
  let api: Rest
  let first: Awaited<ReturnType<OwnControlPlane['kubectl']>>

  beforeAll(async () => {
    plane = await controlPlane({ controllers: true, nodes: 1 })
    api = plane.rest()
    first = await plane.kubectl(['apply', '-k', folder])
  })
  afterAll(() => plane?.stop())

  const statusOf = async (path: string): Promise<number> => (await api.request('GET', path)).status
  const lines = (text: string): string[] => text.trimEnd().split('\n')

  test('installs with one command, on an API server that warns of nothing', () => {
    expect(first).toMatchObject({ status: 0, stderr: '' })
    expect(lines(first.stdout).filter(line => !line.endsWith(' created'))).toEqual([])
  })

  test('has what kubebuilder lays out: the kinds as v1, the rights, and the controller with its Deployment and NetworkPolicy', async () => {
    const rendered = async (name: string): Promise<string[]> => {
      const { stdout } = await plane.kubectl(['kustomize', join(root, 'config', name)])
      return manifestsIn(stdout).map(({ kind }) => kind)
    }
    const versions = manifestsIn((await plane.kubectl(['kustomize', join(root, 'config/crd')])).stdout).map(
      ({ spec }) => (spec as { versions: { name: string }[] }).versions.map(({ name }) => name),
    )
    expect(versions).toEqual([['v1'], ['v1'], ['v1'], ['v1']])
    expect(await rendered('rbac')).toEqual(
      expect.arrayContaining(['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding']),
    )
    expect(await rendered('manager')).toEqual(expect.arrayContaining(['Namespace', 'Deployment']))
    expect(await rendered('network-policy')).toEqual(['NetworkPolicy'])
    expect(await rendered('samples')).toContain('MCPServer')
    const { stdout } = await plane.kubectl(['kustomize', folder])
    const parts = (await Promise.all(['crd', 'rbac', 'manager', 'network-policy'].map(rendered))).flat()
    expect(manifestsIn(stdout).map(({ kind }) => kind)).toEqual(expect.arrayContaining(parts))
  })

  test('installs again without changing anything', async () => {
    expect(await plane.kubectl(['diff', '-k', folder])).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(await plane.kubectl(['apply', '-k', folder])).toMatchObject({ status: 0, stderr: '' })
    expect(await plane.kubectl(['diff', '-k', folder])).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('applies from the server side, too, as Argo CD and Flux do', async () => {
    const { status, stderr } = await plane.kubectl(['apply', '--server-side', '--force-conflicts', '-k', folder])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('runs two operators in a namespace that takes only restricted pods', async () => {
    const { body } = await api.request('GET', '/api/v1/namespaces/bartizan-system')
    expect(body['metadata']).toMatchObject({ labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } })
    const rollout = ['rollout', 'status', 'deployment/bartizan-operator', '-n', 'bartizan-system', '--timeout=60s']
    expect(await plane.kubectl(rollout)).toMatchObject({ status: 0 })
    const pods = await api.request('GET', '/api/v1/namespaces/bartizan-system/pods')
    expect(pods.body['items']).toHaveLength(2)
  })

  describe('with an image set by an overlay', () => {
    let overlay: string
    beforeAll(() => {
      overlay = mkdtempSync(join(tmpdir(), 'overlay-'))
      const images = [
        { name: 'bartizan/operator', newName: 'registry.example/operator', digest: `sha256:${'0'.repeat(64)}` },
        { name: 'bartizan/gateway', newName: 'registry.example/gateway', newTag: 'v1' },
      ]
      const resources = [relative(overlay, folder)]
      writeFileSync(join(overlay, 'kustomization.yaml'), JSON.stringify({ resources, images }))
    })
    afterAll(() => rmSync(overlay, { recursive: true }))

    test('runs that image, and gives the gateways theirs', async () => {
      const { stdout } = await plane.kubectl(['kustomize', overlay])
      const deployment = manifestsIn(stdout).find(({ kind }) => kind === 'Deployment')
      expect(deployment?.spec).toMatchObject({
        template: {
          spec: {
            containers: [
              {
                image: `registry.example/operator@sha256:${'0'.repeat(64)}`,
                env: expect.arrayContaining([
                  { name: 'GATEWAY_IMAGE', value: 'registry.example/gateway:v1' },
                ]) as unknown,
              },
            ],
          },
        },
      })
    })
  })

  describe('with another namespace and name set by an overlay', () => {
    let other: OwnControlPlane
    let installed: Awaited<ReturnType<OwnControlPlane['kubectl']>>
    let overlay: string
    const user = { namespace: 'elsewhere', name: 'my-bartizan-operator' }

    beforeAll(async () => {
      overlay = mkdtempSync(join(tmpdir(), 'overlay-'))
      const resources = [relative(overlay, folder)]
      const kustomization = { resources, namespace: user.namespace, namePrefix: 'my-' }
      writeFileSync(join(overlay, 'kustomization.yaml'), JSON.stringify(kustomization))
      other = await controlPlane({ controllers: true })
      installed = await other.kubectl(['apply', '-k', overlay])
    })
    afterAll(async () => {
      rmSync(overlay, { recursive: true })
      await other?.stop()
    })

    test('names the operator nowhere by its former namespace', async () => {
      expect(installed).toMatchObject({ status: 0 })
      const { stdout } = await other.kubectl(['kustomize', overlay])
      expect(stdout).not.toContain('bartizan-system')
      const bound = manifestsIn(stdout).flatMap(({ kind, spec }) =>
        kind === 'ValidatingAdmissionPolicyBinding' ? [(spec as { paramRef?: object }).paramRef] : [],
      )
      expect(bound.filter(ref => ref !== undefined)).toEqual(Array(6).fill(expect.objectContaining(user)))
    })

    test('stands inside the fence', async () => {
      const operator = other.rest(await other.account(user.namespace, user.name))
      for (const { resource, object, says } of fenceProbes(user.namespace)) {
        const path = `${pathOf(resource, user.namespace)}?dryRun=All`
        const refused = async (): Promise<boolean> =>
          String((await operator.request('POST', path, object)).body['message']).includes(says)
        await vi.waitUntil(refused, { timeout: 30_000 })
      }
      const { path, body } = madeFor('weather').ConfigMap
      const there = path.replace('/team/', '/default/')
      expect((await operator.request('POST', `${there}?dryRun=All`, body)).status).toBe(201)
    })

    test('keeps others off what it made', async () => {
      const { path, body } = madeFor('weather').Service
      const there = path.replace('/team/', '/default/')
      const mine = { ...body, metadata: { ...body.metadata, ownerReferences: [] } }
      expect((await other.rest().request('POST', there, mine)).status).toBe(201)
      const change = { spec: { type: 'NodePort' } }
      const refused = async (): Promise<boolean> =>
        (await other.rest().request('PATCH', `${there}/mcp-weather?dryRun=All`, change)).status === 403
      await vi.waitUntil(refused, { timeout: 30_000 })
      expect((await other.rest().request('DELETE', `${there}/mcp-weather`)).status).toBe(200)
    })
  })

  test('is scraped by what config/prometheus adds, on a port that the operator has', async () => {
    const { status, stdout } = await plane.kubectl(['kustomize', join(root, 'config/prometheus')])
    expect(status).toBe(0)
    const [service, monitor] = ['Service', 'ServiceMonitor'].map(kind =>
      manifestsIn(stdout).find(one => one.kind === kind),
    )
    const { body } = await api.request('GET', '/apis/apps/v1/namespaces/bartizan-system/deployments/bartizan-operator')
    const { template } = body['spec'] as { template: PodTemplate }
    const { ports, selector } = service!.spec as { ports: Port[]; selector: object }
    expect(template.metadata.labels).toMatchObject(selector)
    const open = template.spec.containers.flatMap(container => container.ports.map(port => port.containerPort))
    expect(open).toEqual(expect.arrayContaining(ports.map(port => port.targetPort)))
    const { endpoints } = monitor!.spec as { endpoints: { port: string }[] }
    expect(ports.map(port => port.name)).toEqual(expect.arrayContaining(endpoints.map(endpoint => endpoint.port)))
  })

  /** A server with two objects that belong to it, as the operator makes them. */
  async function serverWithChildren(name: string): Promise<string[]> {
    const kind = { apiVersion: 'mcp.gateway.io/v1', kind: 'MCPServer' }
    await create(plane, `${ours}/mcpservers`, { ...kind, metadata: { name }, spec: { image: 'weather' } })
    const { body } = await api.request('GET', `${ours}/mcpservers/${name}`)
    const { uid } = body['metadata'] as { uid: string }
    const metadata = {
      labels: { 'app.kubernetes.io/managed-by': 'bartizan' },
      ownerReferences: [{ ...kind, name, uid, controller: true, blockOwnerDeletion: true }],
    }
    await create(plane, `${team}/configmaps`, { metadata: { ...metadata, name: `mcp-${name}` } })
    await create(plane, `${team}/secrets`, { metadata: { ...metadata, name: `${name}-guard` } })
    return [`${team}/configmaps/mcp-${name}`, `${team}/secrets/${name}-guard`]
  }

  async function gone(paths: readonly string[]): Promise<number[]> {
    for (const path of paths)
      await vi.waitUntil(async () => (await statusOf(path)) === 404, { timeout: 90_000, interval: 200 })
    return await Promise.all(paths.map(statusOf))
  }

  describe('taken away while a server is there', () => {
    let children: string[]
    let removed: Awaited<ReturnType<OwnControlPlane['kubectl']>>
    let installed: Manifest[]

    beforeAll(async () => {
      installed = manifestsIn((await plane.kubectl(['kustomize', folder])).stdout)
      await create(plane, '/api/v1/namespaces', { metadata: { name: 'team' } })
      // A garbage collector looks for new kinds every half minute; before that it knows no owner of them.
      const known = await serverWithChildren('first')
      await api.request('DELETE', `${ours}/mcpservers/first`)
      await gone(known)
      children = await serverWithChildren('weather')
      removed = await plane.kubectl(['delete', '-k', folder, '--wait', '--timeout=90s'])
    })

    test('hangs on nothing', () => {
      expect(removed).toMatchObject({ status: 0 })
      expect(lines(removed.stdout)).toHaveLength(installed.length)
    })

    test('leaves no namespace, kind, role or policy', async () => {
      const names = ['namespaces', 'crd', 'clusterroles', 'clusterrolebindings']
      const policies = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings']
      const { stdout } = await plane.kubectl(['get', [...names, ...policies].join(','), '-o', 'name'])
      expect(lines(stdout).filter(name => /bartizan|mcp\.gateway\.io/.test(name))).toEqual([])
    })

    test('takes along what the server owned', async () => {
      expect(await gone(children)).toEqual([404, 404])
    })
  })
})
