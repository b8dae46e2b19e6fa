import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../hack/controlplane/index.ts'
import type { Json, Rest } from '../hack/controlplane/rest.ts'
import { filesLike, manifestsIn, type Manifest } from '../hack/manifests/files.ts'
import { create, install } from '../hack/manifests/install.ts'
import { apps, deployment, forbidden, mine, ours, pod, team, type Try } from '../hack/rbac/forbidden.ts'

describe.skipIf(noControlPlane)('config/rbac', () => {
  let plane: OwnControlPlane
  let admin: Rest
  let operator: Rest

  /** What is in the namespace before anything is tried: one of everything with the label, one without. */
  const furniture: readonly [string, object][] = [
    [`${team}/configmaps`, { metadata: { name: 'theirs' }, data: { key: 'value' } }],
    [`${team}/configmaps`, { metadata: { name: 'ours', labels: mine } }],
    [`${team}/secrets`, { metadata: { name: 'theirs' }, stringData: { key: 'value' } }],
    [`${team}/secrets`, { metadata: { name: 'ours', labels: mine } }],
    [`${team}/services`, { metadata: { name: 'theirs' }, spec: { ports: [{ port: 80 }] } }],
    [`${apps}/deployments`, deployment('theirs', {})],
    [`${apps}/deployments`, deployment('ours', mine)],
    [`${team}/pods`, { metadata: { name: 'theirs' }, spec: pod('weather') }],
    [`${team}/pods`, { metadata: { name: 'ours', labels: mine, annotations: { theirs: 'x' } }, spec: pod('weather') }],
    [`${ours}/mcpservers`, { metadata: { name: 'weather', labels: { tier: 'x' } }, spec: { image: 'weather' } }],
  ]

  beforeAll(async () => {
    // As OpenShift has it: whoever makes an object that blocks the deletion of its owner has to be allowed that.
    const enforced = '--enable-admission-plugins=OwnerReferencesPermissionEnforcement'
    plane = await controlPlane({ controllers: true, flags: [enforced] })
    admin = plane.rest()
    await install(plane, 'team')
    const account = async (): Promise<boolean> =>
      (await admin.request('GET', `${team}/serviceaccounts/default`)).status === 200
    await vi.waitUntil(account, { timeout: 30_000 })
    for (const [path, body] of furniture) {
      const kind = path.includes('mcpservers') ? { apiVersion: 'mcp.gateway.io/v1', kind: 'MCPServer' } : {}
      await create(plane, path, { ...kind, ...body })
    }
    operator = plane.rest(await plane.account('bartizan-system', 'bartizan-operator'))
    // An API server needs a moment until it has compiled a policy.
    const fenced = async (): Promise<boolean> =>
      (await operator.request('POST', `${team}/configmaps?dryRun=All`, { metadata: { name: 'x' } })).status === 403
    await vi.waitUntil(fenced, { timeout: 30_000 })
  })
  afterAll(() => plane?.stop())

  const said = (body: Json): string => String(body['message'])

  describe('with its token the operator cannot', () => {
    test.each(forbidden)('$what', async ({ method, path, body, says }) => {
      const dry = method === 'GET' ? path : `${path}${path.includes('?') ? '&' : '?'}dryRun=All`
      const answer = await operator.request(method, dry, body)
      expect({ status: answer.status, said: said(answer.body) }).toEqual({
        status: 403,
        said: expect.stringContaining(says) as string,
      })
    })

    test.each([
      ['a user', ['--as', 'admin']],
      ['a group', ['--as', 'x', '--as-group', 'system:masters']],
    ])('act as %s', async (_, who) => {
      const account = await plane.account('bartizan-system', 'bartizan-operator')
      const { stderr } = await plane.kubectl(['get', '--raw', `${team}/configmaps/theirs`, ...who], '', account)
      expect(stderr).toMatch(/cannot impersonate/)
    })
  })

  describe('with its token the operator can', () => {
    const allowed: readonly (Try & { what: string })[] = [
      {
        what: 'make an object that carries its label',
        method: 'POST',
        path: `${team}/secrets`,
        body: { metadata: { name: 'new', labels: mine } },
      },
      {
        what: 'make a Deployment as ours are',
        method: 'POST',
        path: `${apps}/deployments`,
        body: deployment('new', mine),
      },
      {
        what: 'change an object that carries its label',
        method: 'PATCH',
        path: `${team}/configmaps/ours`,
        body: { data: { a: 'b' } },
      },
      { what: 'delete an object that carries its label', method: 'DELETE', path: `${apps}/deployments/ours` },
      { what: 'get a Secret by its name', method: 'GET', path: `${team}/secrets/theirs` },
      {
        what: 'touch a pod of ours, so that its kubelet looks',
        method: 'PATCH',
        path: `${team}/pods/ours/status`,
        body: { metadata: { annotations: { 'mcp.gateway.io/config': 'x' } } },
      },
      {
        what: 'write the status of a server',
        method: 'PATCH',
        path: `${ours}/mcpservers/weather/status`,
        body: { status: { phase: 'Healthy' } },
      },
    ]

    test.each(allowed)('$what', async ({ method, path, body }) => {
      const answer = await operator.request(method, method === 'GET' ? path : `${path}?dryRun=All`, body)
      expect({ ok: answer.status < 300, said: said(answer.body) }).toMatchObject({ ok: true })
    })

    test.each(['MCPServer', 'GuardrailPolicy', 'APIKey', 'MCPGateway'])('make what belongs to an %s', async kind => {
      const owner = { apiVersion: 'mcp.gateway.io/v1', kind, name: 'x', uid: randomUUID(), controller: true }
      const metadata = { name: 'owned', labels: mine, ownerReferences: [{ ...owner, blockOwnerDeletion: true }] }
      const answer = await operator.request('POST', `${team}/configmaps?dryRun=All`, { metadata })
      expect({ status: answer.status, said: said(answer.body) }).toMatchObject({ status: 201 })
    })

    test.each(goldens.filter(({ made }) => made.length > 0))('make what is translated: $file', async ({ made }) => {
      for (const object of made) {
        const body = { ...object, metadata: { ...object.metadata, namespace: 'team' } }
        const path = `${collections[object.kind]}?dryRun=All&fieldValidation=Strict`
        const answer = await operator.request('POST', path, body)
        expect({ status: answer.status, said: said(answer.body) }).toMatchObject({ status: 201 })
      }
    })

    test('and the status of a server carries nothing but the status', async () => {
      const path = `${ours}/mcpservers/weather`
      await operator.request('PATCH', `${path}/status`, {
        metadata: { labels: { tier: 'other' }, annotations: { x: 'y' }, finalizers: ['x.example/y'] },
        spec: { image: 'other' },
        status: { phase: 'Healthy' },
      })
      const { body } = await admin.request('GET', path)
      expect(body).toMatchObject({
        spec: { image: 'weather' },
        metadata: { labels: { tier: 'x' } },
        status: { phase: 'Healthy' },
      })
      expect(body['metadata']).not.toHaveProperty('finalizers')
    })
  })

  /** Where objects of a kind are made in the namespace of the team. */
  const collections: Readonly<Record<string, string>> = {
    Deployment: `${apps}/deployments`,
    Service: `${team}/services`,
    ConfigMap: `${team}/configmaps`,
    ServiceAccount: `${team}/serviceaccounts`,
    NetworkPolicy: '/apis/networking.k8s.io/v1/namespaces/team/networkpolicies',
  }

  /** Every object for the cluster within what a golden file of the translation holds. */
  function objectsIn(value: unknown): Manifest[] {
    if (typeof value !== 'object' || value === null) return []
    const { apiVersion, kind, metadata } = value as Manifest
    if (typeof apiVersion === 'string' && kind in collections && metadata !== undefined) return [value as Manifest]
    return Object.values(value).flatMap(objectsIn)
  }

  const goldens = filesLike('operator/translate/testdata/*.yaml').map(({ file, text }) => ({
    file: file.split('/').at(-1)!,
    made: manifestsIn(text.slice(text.indexOf('# Output'))).flatMap(objectsIn),
  }))

  type PolicyRule = { apiGroups: string[]; resources: string[]; verbs: string[] }

  describe('the fence', () => {
    const documents = filesLike('config/{rbac,admission}/*.yaml').flatMap(({ text }) => manifestsIn(text))

    /** What is written without its label by design: it belongs to others, or RBAC names it. */
    const free = ['mcp.gateway.io/', 'events.k8s.io/events', 'coordination.k8s.io/leases']

    test('stands around everything that the role lets the operator write', () => {
      const role = documents.find(
        ({ kind, metadata }) => kind === 'ClusterRole' && metadata?.name === 'bartizan-operator',
      )
      const { rules } = role as unknown as { rules: PolicyRule[] }
      const written = rules
        .filter(({ verbs }) => verbs.some(verb => !['get', 'list', 'watch'].includes(verb)))
        .flatMap(({ apiGroups, resources }) => resources.map(resource => `${apiGroups[0]}/${resource}`))
        .filter(one => !free.some(prefix => one.startsWith(prefix)))
      const policy = documents.find(
        ({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata?.name === 'operator.mcp.gateway.io',
      )
      const { matchConstraints } = policy!.spec as { matchConstraints: { resourceRules: PolicyRule[] } }
      const fenced = matchConstraints.resourceRules.flatMap(({ apiGroups, resources }) =>
        resources.map(resource => `${apiGroups[0]}/${resource}`),
      )
      expect(fenced.toSorted()).toEqual(written.toSorted())
    })
  })
})
