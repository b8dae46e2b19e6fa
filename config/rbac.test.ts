import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../hack/controlplane/index.ts'
import type { Json, Rest } from '../hack/controlplane/rest.ts'
import { filesLike, manifestsIn, type Manifest } from '../hack/manifests/files.ts'
import { create, install } from '../hack/manifests/install.ts'
import { fields } from '../hack/rbac/fields/index.ts'
import { forbidden } from '../hack/rbac/forbidden.ts'
import { madeFor, managed as mine, ownedBy, podOf, server } from '../hack/rbac/made.ts'
import { apps, core as team, events, leases, networking, ours } from '../hack/rbac/places.ts'
import type { Try } from '../hack/rbac/try.ts'
import { fenceProbes } from '../operator/fence/probes.ts'
import { pathOf } from '../operator/kit/resource.ts'

describe.skipIf(noControlPlane)('config/rbac', () => {
  let plane: OwnControlPlane
  let admin: Rest
  let operator: Rest

  const kind = (name: string) => ({ apiVersion: 'mcp.gateway.io/v1', kind: name })

  /** Objects of our kinds in the namespace, for which the operator has made what belongs to them. */
  const owners: readonly [string, object][] = [
    [`${ours}/mcpservers`, { ...kind('MCPServer'), metadata: { name: server }, spec: { image: 'sky' } }],
    [
      `${ours}/mcpservers`,
      { ...kind('MCPServer'), metadata: { name: 'weather', labels: { tier: 'x' } }, spec: { image: 'weather' } },
    ],
    // The garbage collector takes what belongs to an object that is not there.
    ...[server, 'weather'].map((name): [string, object] => [
      `${ours}/apikeys`,
      { ...kind('APIKey'), metadata: { name }, spec: { generate: { secretName: 'x' }, allowedServers: ['*'] } },
    ]),
  ]

  /** What is in the namespace before anything is tried, and is not the operator's. */
  const furniture: readonly [string, object][] = [
    [`${team}/configmaps`, { metadata: { name: 'theirs' }, data: { key: 'value' } }],
    [`${team}/configmaps`, { metadata: { name: 'labelled', labels: mine } }],
    [`${team}/secrets`, { metadata: { name: 'theirs' }, stringData: { key: 'value' } }],
    [`${team}/services`, { metadata: { name: 'theirs' }, spec: { ports: [{ port: 80 }] } }],
    [
      `${apps}/deployments`,
      {
        metadata: { name: 'theirs' },
        spec: {
          selector: { matchLabels: { app: 'theirs' } },
          template: { metadata: { labels: { app: 'theirs' } }, spec: podOf(server) },
        },
      },
    ],
    [`${team}/pods`, { metadata: { name: 'theirs' }, spec: podOf(server) }],
    [`${team}/pods`, { metadata: { name: 'ours', labels: mine, annotations: { theirs: 'x' } }, spec: podOf(server) }],
    [
      `${events}/events`,
      {
        ...madeFor(server).Event.body,
        metadata: { name: 'theirs.1', namespace: 'team' },
        reportingController: 'example.com/theirs',
      },
    ],
  ]

  const uidOf = async (path: string): Promise<string> =>
    ((await admin.request('GET', path)).body['metadata'] as { uid: string }).uid

  beforeAll(async () => {
    // As OpenShift has it: whoever makes an object that blocks the deletion of its owner has to be allowed that.
    const enforced = '--enable-admission-plugins=OwnerReferencesPermissionEnforcement'
    plane = await controlPlane({ controllers: true, flags: [enforced] })
    admin = plane.rest()
    await install(plane, 'team')
    const account = async (): Promise<boolean> =>
      (await admin.request('GET', `${team}/serviceaccounts/default`)).status === 200
    await vi.waitUntil(account, { timeout: 30_000 })
    for (const [path, body] of owners) await create(plane, path, body)
    const made = madeFor(server, await uidOf(`${ours}/mcpservers/sky`), await uidOf(`${ours}/apikeys/sky`))
    for (const { path, body } of Object.values(made)) await create(plane, path, body)
    for (const [path, body] of furniture) await create(plane, path, body)
    operator = plane.rest(await plane.account('bartizan-system', 'bartizan-operator'))
    // An API server needs a moment until it has compiled a policy, and the fence is several.
    for (const { resource, object, says } of fenceProbes('bartizan-system')) {
      const path = `${pathOf(resource, 'bartizan-system')}?dryRun=All`
      const refused = async (): Promise<boolean> =>
        said((await operator.request('POST', path, object)).body).includes(says)
      await vi.waitUntil(refused, { timeout: 30_000 })
    }
  })
  afterAll(() => plane?.stop())

  const said = (body: Json): string => String(body['message'])

  describe('with its token the operator cannot', () => {
    test.each(forbidden)('$what', async ({ method, path, body, says }) => {
      const dry = method === 'GET' ? path : `${path}${path.includes('?') ? '&' : '?'}dryRun=All`
      const answer = await operator.request(method, dry, body)
      // What nobody may change in an object is refused before anyone is asked who it is.
      const isFixed = method === 'PATCH' && answer.status === 422 && /immutable|invalid/i.test(said(answer.body))
      const refusal = isFixed ? 'refused for anybody' : said(answer.body)
      expect({ status: isFixed ? 403 : answer.status, said: refusal }).toEqual({
        status: 403,
        said: expect.stringContaining(isFixed ? 'refused for anybody' : says) as string,
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
      ...Object.entries(madeFor('other'))
        .filter(([kind]) => kind !== 'Lease')
        .map(([kind, { path, body }]) => ({
          what: `make a ${kind} as ours are`,
          method: 'POST',
          path,
          body,
        })),
      {
        what: 'make its salt',
        method: 'POST',
        path: '/api/v1/namespaces/bartizan-system/secrets',
        body: { metadata: { name: 'bartizan-operator-salt', labels: mine }, data: { salt: 'AAAA' } },
      },
      {
        what: 'deliver a key under any name',
        method: 'POST',
        path: `${team}/secrets`,
        body: {
          metadata: { name: 'any', labels: mine, ownerReferences: ownedBy('APIKey', 'alice') },
          data: { 'api-key': 'AAAA' },
        },
      },
      {
        what: 'change the digest of a key',
        method: 'PATCH',
        path: `${team}/secrets/sky-digest`,
        body: { data: { pending: 'AAAA' } },
      },
      {
        what: 'hold its Lease',
        method: 'PATCH',
        path: `${leases}/bartizan-operator`,
        body: { spec: { holderIdentity: 'y' } },
      },
      {
        what: 'count an Event of its own',
        method: 'PATCH',
        path: `${events}/events/sky.1`,
        body: { series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' } },
      },
      {
        what: 'carry over a restart',
        method: 'PATCH',
        path: `${apps}/deployments/mcp-sky`,
        body: { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'x' } } } } },
      },
      {
        what: 'change what it made',
        method: 'PATCH',
        path: `${team}/configmaps/mcp-sky`,
        body: { data: { 'keys.1.json': '[]' } },
      },
      { what: 'delete what it made', method: 'DELETE', path: `${apps}/deployments/mcp-sky` },
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
      const metadata = { name: 'last-good-u-1', labels: mine, ownerReferences: ownedBy(kind, 'x', 'u-1') }
      const answer = await operator.request('POST', `${team}/configmaps?dryRun=All`, { metadata })
      expect({ status: answer.status, said: said(answer.body) }).toMatchObject({ status: 201 })
    })

    test.each(goldens.filter(({ made }) => made.length > 0))('make what is translated: $file', async ({ made }) => {
      for (const object of made) {
        // A file has no uid, so what is made of one has no owner.
        const name = object.metadata?.name?.replace(/^mcp-/, '') ?? ''
        const metadata = { ownerReferences: ownedBy('MCPServer', name), ...object.metadata, namespace: 'team' }
        const body = { ...object, metadata }
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
    NetworkPolicy: `${networking}/networkpolicies`,
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

    /** Their status is the operator's word, and nothing else of them. */
    const free = 'mcp.gateway.io/'

    test('stands around everything that the role lets the operator write', () => {
      const roles = documents.filter(
        ({ kind, metadata }) => kind.endsWith('Role') && metadata?.name === 'bartizan-operator',
      )
      const written = roles
        .flatMap(role => (role as unknown as { rules: PolicyRule[] }).rules)
        .filter(({ verbs }) => verbs.some(verb => !['get', 'list', 'watch'].includes(verb)))
        .flatMap(({ apiGroups, resources }) => resources.map(resource => `${apiGroups[0]}/${resource}`))
        .filter(one => !one.startsWith(free))
      const fenced = documents
        .filter(({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata?.name?.startsWith('operator'))
        .flatMap(
          ({ spec }) => (spec as { matchConstraints: { resourceRules: PolicyRule[] } }).matchConstraints.resourceRules,
        )
        .flatMap(({ apiGroups, resources }) => resources.map(resource => `${apiGroups[0]}/${resource}`))
      expect([...new Set(fenced)].toSorted()).toEqual([...new Set(written)].toSorted())
    })

    test('has something to refuse in every field that is not free', () => {
      expect(
        fields.filter(({ changes }) => changes.length === 0).map(({ object, field }) => `${object}: ${field}`),
      ).toEqual([
        'every object of a server: metadata.namespace',
        'NetworkPolicy: spec.egress',
        'Pod: through `/status`',
        'our kinds: through `/status`',
      ])
    })
  })
})
