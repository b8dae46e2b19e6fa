import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../hack/controlplane/index.ts'
import type { Json, Rest } from '../hack/controlplane/rest.ts'
import { create, install } from '../hack/manifests/install.ts'
import { ours } from '../hack/rbac/places.ts'

describe.skipIf(noControlPlane)('config/admission/author-of-egress', () => {
  let plane: OwnControlPlane
  const users = new Map<string, Rest>()

  /** What each user holds in the namespace `team`. */
  const holdings: Readonly<Record<string, readonly string[]>> = {
    owner: ['ClusterRole/bartizan-server-owner', 'Role/runs-pods'],
    'owner who opens': ['ClusterRole/bartizan-server-owner', 'Role/runs-pods', 'Role/opens-networks'],
    'owner who edits': ['ClusterRole/bartizan-server-owner', 'ClusterRole/edit'],
  }
  const roles = {
    'runs-pods': [{ apiGroups: [''], resources: ['pods'], verbs: ['create'] }],
    'opens-networks': [{ apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['create'] }],
  }
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/team'

  beforeAll(async () => {
    plane = await controlPlane({ controllers: true })
    await install(plane, 'team')
    for (const [name, rules] of Object.entries(roles))
      await create(plane, `${rbac}/roles`, { metadata: { name }, rules })
    for (const [user, held] of Object.entries(holdings)) {
      users.set(user, plane.rest(await plane.user(user)))
      for (const [kind, name] of held.map(role => role.split('/')))
        await create(plane, `${rbac}/rolebindings`, {
          metadata: { generateName: 'b-' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
        })
    }
    // An API server needs a moment until it has compiled a policy.
    const entry = { namespace: 'db', ports: [5432] }
    const settled = async (): Promise<boolean> =>
      (await openTo('owner', [entry])).status === 403 && (await openTo('owner who edits', [entry])).status === 201
    await vi.waitUntil(settled, { timeout: 30_000 })
  })
  afterAll(() => plane?.stop())

  type Verdict = { readonly status: number; readonly message: string }
  const verdict = ({ status, body }: { status: number; body: Json }): Verdict => ({
    status,
    message: status < 400 ? '' : String(body['message']),
  })
  const created = { status: 201, message: '' }
  const forbidden = (message: string) => ({ status: 403, message: expect.stringContaining(message) as string })
  const server = (name: string) => ({ apiVersion: 'mcp.gateway.io/v1', kind: 'MCPServer', metadata: { name } })

  const openTo = async (user: string, egress: readonly object[]): Promise<Verdict> => {
    const body = { ...server('weather'), spec: { image: 'weather', egress } }
    return verdict(await users.get(user)!.request('POST', `${ours}/mcpservers?dryRun=All`, body))
  }

  describe('the destinations of a server', () => {
    const wide = [
      { what: 'a namespace', entry: { namespace: 'kube-system', ports: [10_250] }, said: 'the namespace kube-system' },
      { what: 'an address range', entry: { cidr: '10.0.0.0/8', ports: [10_250] }, said: '10.0.0.0/8' },
      {
        what: 'pods of a namespace',
        entry: { namespace: 'db', podLabels: { app: 'db' }, ports: [5432] },
        said: 'the namespace db',
      },
    ]
    const most = Array.from({ length: 32 }, (_, at) => ({ cidr: `10.${at}.0.0/16`, ports: [443] }))
    const path = `${ours}/mcpservers/opened`
    const change = async (user: string, spec: object): Promise<Verdict> =>
      verdict(await users.get(user)!.request('PATCH', `${path}?dryRun=All`, { spec }))
    const changed = { status: 200, message: '' }

    beforeAll(async () => {
      const body = server('opened')
      await create(plane, `${ours}/mcpservers`, { ...body, spec: { image: 'weather', egress: most.slice(0, 2) } })
    })

    test.each(wide)(
      'are named by who may create NetworkPolicies, and by nobody else: $what',
      async ({ entry, said }) => {
        expect(await openTo('owner who opens', [entry])).toEqual(created)
        expect(await openTo('owner who edits', [entry])).toEqual(created)
        expect(await openTo('owner', [entry])).toEqual(
          forbidden(`you may not create NetworkPolicies in this namespace`),
        )
        expect(await openTo('owner', [entry])).toEqual(forbidden(said))
      },
    )

    test.each(['https://kubelet.example.test:10250/mcp', 'http://10.0.0.1:10250/mcp', 'http://tools.db.svc/mcp'])(
      'are named by who may create NetworkPolicies, and by nobody else: the url %s',
      async url => {
        const make = async (user: string): Promise<Verdict> =>
          verdict(
            await users
              .get(user)!
              .request('POST', `${ours}/mcpservers?dryRun=All`, { ...server('far'), spec: { url } }),
          )
        expect(await make('owner who opens')).toEqual(created)
        expect(await make('owner who edits')).toEqual(created)
        expect(await make('owner')).toEqual(forbidden(`is opened a way to ${url}`))
        await create(plane, `${ours}/mcpservers`, { ...server('far'), spec: { url } })
        const far = `${ours}/mcpservers/far`
        const patch = async (body: object): Promise<Verdict> =>
          verdict(await users.get('owner')!.request('PATCH', `${far}?dryRun=All`, body))
        expect(await patch({ spec: { timeouts: { request: '20s' } } })).toEqual(changed)
        expect(await patch({ metadata: { labels: { team: 'one' } } })).toEqual(changed)
        expect(await patch({ spec: { url: url.replace('mcp', 'more') } })).toEqual(forbidden('NetworkPolicies'))
        await plane.rest().request('DELETE', far)
      },
    )

    test('may be as many as a server has', async () => {
      expect(await openTo('owner who opens', most)).toEqual(created)
      expect(await openTo('owner', most)).toEqual(forbidden('NetworkPolicies'))
    })

    test('may be none', async () => {
      expect(await openTo('owner', [])).toEqual(created)
    })

    test('stay, go and change their order, whoever changes the server', async () => {
      expect(await change('owner', { args: ['--fast'] })).toEqual(changed)
      expect(await change('owner', { egress: most.slice(0, 2).toReversed() })).toEqual(changed)
      expect(await change('owner', { egress: most.slice(1, 2) })).toEqual(changed)
      expect(await change('owner', { egress: null })).toEqual(changed)
    })

    test('are not widened by who may not open them', async () => {
      for (const egress of [
        most.slice(0, 3),
        [{ ...most[0], ports: [443, 10_250] }],
        [{ ...most[0], cidr: '10.0.0.0/8' }],
      ]) {
        expect(await change('owner', { egress })).toEqual(forbidden('NetworkPolicies'))
        expect(await change('owner who opens', { egress })).toEqual(changed)
      }
    })
  })
})
