import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../hack/controlplane/index.ts'
import type { Json, Rest } from '../hack/controlplane/rest.ts'
import { definitions, filesLike, manifestsIn } from '../hack/manifests/files.ts'
import { create, install } from '../hack/manifests/install.ts'
import { places, schemaOf } from '../hack/manifests/schema.ts'

describe.skipIf(noControlPlane)('config/admission', () => {
  let plane: OwnControlPlane
  const users = new Map<string, Rest>()
  const as = (user: string): Rest => users.get(user)!

  /** What each user holds in the namespace `team`: roles of ours, roles of Kubernetes, and what a Role of the team grants. */
  const holdings: Readonly<Record<string, readonly string[]>> = {
    owner: ['ClusterRole/bartizan-server-owner', 'Role/runs-pods', 'Role/gets-twenty-secrets'],
    'owner without pods': ['ClusterRole/bartizan-server-owner', 'Role/gets-twenty-secrets'],
    'owner without Secrets': ['ClusterRole/bartizan-server-owner', 'Role/runs-pods'],
    'owner who edits': ['ClusterRole/bartizan-server-owner', 'ClusterRole/edit'],
    security: ['ClusterRole/bartizan-security'],
    platform: ['ClusterRole/bartizan-platform'],
    'platform with the certificate': ['ClusterRole/bartizan-platform', 'Role/gets-the-certificate'],
    editor: ['ClusterRole/edit'],
    viewer: ['ClusterRole/view'],
    stranger: [],
  }

  const twenty = Array.from({ length: 20 }, (_, at) => `secret-${at + 1}`)

  const rolesOfTheTeam = {
    'runs-pods': [{ apiGroups: [''], resources: ['pods'], verbs: ['create'] }],
    'gets-twenty-secrets': [{ apiGroups: [''], resources: ['secrets'], resourceNames: twenty, verbs: ['get'] }],
    'gets-the-certificate': [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['mcp-tls'], verbs: ['get'] }],
  }

  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/team'
  const ours = '/apis/mcp.gateway.io/v1/namespaces/team'

  async function grant(user: string, role: string): Promise<void> {
    const [kind, name] = role.split('/')
    const binding = {
      metadata: { generateName: 'b-' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    }
    await create(plane, `${rbac}/rolebindings`, binding)
  }

  beforeAll(async () => {
    plane = await controlPlane({ controllers: true })
    users.set('admin', plane.rest())
    for (const user of Object.keys(holdings)) users.set(user, plane.rest(await plane.user(user)))
    await install(plane, 'team')
    for (const [name, rules] of Object.entries(rolesOfTheTeam))
      await create(plane, `${rbac}/roles`, { metadata: { name }, rules })
    for (const [user, roles] of Object.entries(holdings)) for (const role of roles) await grant(user, role)
    // An API server needs a moment until it has compiled a policy; until then it lets pass what the policy forbids.
    const refused = [
      () => createServer('owner without pods', []),
      () => createServer('owner', [], { [label]: 'x' }),
      () => gateway('platform', 'mcp-tls'),
    ]
    for (const ask of refused) await vi.waitUntil(async () => (await ask()).status === 403, { timeout: 30_000 })
  })
  afterAll(() => plane?.stop())

  type Verdict = { readonly status: number; readonly message: string }

  const verdict = ({ status, body }: { status: number; body: Json }): Verdict => ({
    status,
    message: status < 400 ? '' : String(body['message']),
  })

  const server = (name: string, secrets: readonly string[], labels = {}) => ({
    apiVersion: 'mcp.gateway.io/v1',
    kind: 'MCPServer',
    metadata: { name, labels },
    spec: { image: 'weather', secrets: secrets.map((name, at) => ({ name, envVar: `SECRET_${at}` })) },
  })

  /** Asks whether a user might create a server that names these Secrets; nothing is kept. */
  const createServer = async (user: string, secrets: readonly string[], labels = {}): Promise<Verdict> =>
    verdict(await as(user).request('POST', `${ours}/mcpservers?dryRun=All`, server('weather', secrets, labels)))

  const label = 'policy.mcp.gateway.io/tier'
  const created = { status: 201, message: '' }
  const forbidden = (message: string) => ({ status: 403, message: expect.stringContaining(message) as string })

  describe('a server', () => {
    test.each([0, 1, 3, 20])('with %i Secrets is made by an owner who may get them', async count => {
      expect(await createServer('owner', twenty.slice(0, count))).toEqual(created)
    })

    test.each([0, 1, 3, 20])('with %i Secrets is made by an owner who may edit the namespace', async count => {
      expect(await createServer('owner who edits', twenty.slice(0, count))).toEqual(created)
    })

    test.each([0, 1, 3, 20])('with %i Secrets is refused to who may not create pods', async count => {
      expect(await createServer('owner without pods', twenty.slice(0, count))).toEqual(
        forbidden('you may not create pods'),
      )
    })

    test.each([0, 1, 3, 20])('with %i Secrets is refused to security, editor, viewer and stranger', async count => {
      for (const user of ['security', 'editor', 'viewer', 'platform', 'stranger'])
        expect([user, await createServer(user, twenty.slice(0, count))]).toEqual([
          user,
          forbidden('cannot create resource'),
        ])
    })

    test('without Secrets is made by an owner who may get none, and with one it is refused', async () => {
      expect(await createServer('owner without Secrets', [])).toEqual(created)
      expect(await createServer('owner without Secrets', ['secret-1'])).toEqual(
        forbidden('you may not get the Secret secret-1'),
      )
    })

    test.each(twenty.map((_, at) => at))('that names a foreign Secret at place %i of 20 is refused', async at => {
      const names = twenty.with(at, 'of-somebody-else')
      expect(await createServer('owner', names)).toEqual(forbidden('you may not get the Secret of-somebody-else'))
    })

    test('that names one Secret for several variables is judged as any other', async () => {
      expect(
        await createServer(
          'owner',
          Array.from({ length: 20 }, () => 'secret-1'),
        ),
      ).toEqual(created)
      expect(
        await createServer(
          'owner',
          Array.from({ length: 20 }, () => 'other'),
        ),
      ).toEqual(forbidden('Secret other'))
    })
  })

  /** Lists of a server whose entries name Secrets, with the most entries that they may have. */
  const lists = places(schemaOf(definitions().find(one => one.spec.names.kind === 'MCPServer')!))
    .filter(({ path }) => /^spec\.\w*ecrets$/.test(path))
    .map(({ path, schema }) => ({ list: path.slice(5), most: (schema as { maxItems: number }).maxItems }))

  describe('the lists of Secrets', () => {
    test.each(lists)('are checked to their end: $list, $most names', async ({ list, most }) => {
      const entries = Array.from({ length: most }, (_, at) => ({
        name: at === most - 1 ? 'of-somebody-else' : twenty[at],
        ...(list === 'secrets' && { envVar: `SECRET_${at}` }),
      }))
      const body = { ...server('weather', []), spec: { image: 'weather', [list]: entries } }
      const answer = await as('owner').request('POST', `${ours}/mcpservers?dryRun=All`, body)
      expect(verdict(answer)).toEqual(forbidden('you may not get the Secret of-somebody-else'))
    })

    test('have room for all of them at once in what CEL may cost', async () => {
      const names = Object.fromEntries(
        lists.map(({ list, most }) => [
          list,
          twenty.slice(0, most).map((name, at) => ({ name, ...(list === 'secrets' && { envVar: `SECRET_${at}` }) })),
        ]),
      )
      const body = { ...server('weather', []), spec: { image: 'weather', ...names } }
      const answer = await as('owner').request('POST', `${ours}/mcpservers?dryRun=All`, body)
      expect(verdict(answer)).toEqual(created)
    })
  })

  describe('a server that is there', () => {
    const path = `${ours}/mcpservers/there`
    const change = async (user: string, patch: object): Promise<Verdict> =>
      verdict(await as(user).request('PATCH', `${path}?dryRun=All`, patch))
    const secretsOf = (names: readonly string[]) => ({ spec: { secrets: server('', names).spec.secrets } })
    const changed = { status: 200, message: '' }

    beforeAll(async () => {
      const body = server('there', ['secret-1', 'of-somebody-else'], { [label]: 'strict', team: 'sky' })
      await create(plane, `${ours}/mcpservers`, body)
    })

    test('keeps the Secrets that it names, whoever changes something else', async () => {
      expect(await change('owner', { spec: { args: ['--fast'] } })).toEqual(changed)
      expect(await change('owner without Secrets', { spec: { args: ['--fast'] } })).toEqual(changed)
      expect(await change('owner', secretsOf(['of-somebody-else', 'secret-2']))).toEqual(changed)
    })

    test('is given no further Secret by who may not get it', async () => {
      expect(await change('owner', secretsOf(['of-somebody-else', 'and-another']))).toEqual(forbidden('and-another'))
      expect(await change('owner without Secrets', secretsOf(['of-somebody-else', 'secret-2']))).toEqual(
        forbidden('secret-2'),
      )
    })

    test('is not changed in what it runs by who may not create pods, and its labels are', async () => {
      for (const user of ['owner without pods', 'security']) {
        expect([user, await change(user, { spec: { image: 'other' } })]).toEqual([
          user,
          forbidden('you may not create pods'),
        ])
        expect([user, await change(user, { metadata: { labels: { team: 'sea' } } })]).toEqual([user, changed])
      }
    })

    test('is not changed at all by editor, viewer and stranger', async () => {
      for (const user of ['editor', 'viewer', 'stranger'])
        expect([user, await change(user, { metadata: { labels: { team: 'sea' } } })]).toEqual([
          user,
          forbidden('cannot patch'),
        ])
    })

    const touches: readonly [string, Record<string, string | null>][] = [
      ['changed', { [label]: 'loose' }],
      ['taken away', { [label]: null }],
      ['added', { 'policy.mcp.gateway.io/other': 'x' }],
    ]

    test.each(touches)('has a label of the policies %s by security, and by nobody else', async (_, labels) => {
      expect(await change('security', { metadata: { labels } })).toEqual(changed)
      for (const user of ['owner', 'owner who edits', 'owner without pods'])
        expect([user, await change(user, { metadata: { labels } })]).toEqual([
          user,
          forbidden('belong to who may update'),
        ])
    })

    test('loses no label of the policies through its status', async () => {
      const body = { metadata: { labels: { [label]: 'loose' } }, status: { phase: 'Healthy' } }
      await as('admin').request('PATCH', `${path}/status`, body)
      const { body: now } = await as('admin').request('GET', path)
      expect(now['metadata']).toMatchObject({ labels: { [label]: 'strict', team: 'sky' } })
      expect(now['status']).toEqual({ phase: 'Healthy' })
    })

    test('is deleted by its owner', async () => {
      expect(verdict(await as('owner').request('DELETE', `${path}?dryRun=All`))).toEqual(changed)
      expect(verdict(await as('security').request('DELETE', `${path}?dryRun=All`))).toEqual(forbidden('cannot delete'))
    })
  })

  describe('a label of the policies', () => {
    test('is not set on a new server by its owner, and any other label is', async () => {
      expect(await createServer('owner', [], { [label]: 'loose' })).toEqual(forbidden('belong to who may update'))
      expect(await createServer('owner', [], { 'policy.example.com/tier': 'x' })).toEqual(created)
    })
  })

  /** Asks whether a user might create an MCPGateway with this TLS Secret. */
  const gateway = async (user: string, secretName?: string): Promise<Verdict> => {
    const spec = secretName === undefined ? {} : { tls: { secretName } }
    const body = { apiVersion: 'mcp.gateway.io/v1', kind: 'MCPGateway', metadata: { name: 'default' }, spec }
    return verdict(await as(user).request('POST', `${ours}/mcpgateways?dryRun=All`, body))
  }

  describe('an MCPGateway', () => {
    test('names a certificate only by the word of who may get it', async () => {
      expect(await gateway('platform with the certificate', 'mcp-tls')).toEqual(created)
      expect(await gateway('platform', 'mcp-tls')).toEqual(forbidden('you may not get the Secret mcp-tls'))
      expect(await gateway('platform with the certificate', 'other')).toEqual(forbidden('Secret other'))
    })

    test('without a certificate is made by the platform team, and by nobody else', async () => {
      expect(await gateway('platform')).toEqual(created)
      for (const user of ['owner', 'owner who edits', 'security', 'editor', 'viewer', 'stranger'])
        expect([user, await gateway(user)]).toEqual([user, forbidden('cannot create resource')])
    })

    test('keeps its certificate when somebody who may not get it changes something else', async () => {
      const spec = { tls: { secretName: 'mcp-tls' } }
      const body = { apiVersion: 'mcp.gateway.io/v1', kind: 'MCPGateway', metadata: { name: 'default' }, spec }
      await as('admin').request('POST', `${ours}/mcpgateways`, body)
      const change = async (patch: object): Promise<Verdict> =>
        verdict(await as('platform').request('PATCH', `${ours}/mcpgateways/default?dryRun=All`, patch))
      expect(await change({ spec: { hosts: ['mcp.example.com'] } })).toEqual({ status: 200, message: '' })
      expect(await change({ spec: { tls: { secretName: 'other' } } })).toEqual(forbidden('Secret other'))
      expect(await change({ spec: { tls: null } })).toEqual({ status: 200, message: '' })
    })
  })

  describe('who may what of the kinds', () => {
    const kinds = ['mcpservers', 'guardrailpolicies', 'apikeys', 'mcpgateways']
    const expected: Readonly<Record<string, readonly string[]>> = {
      owner: ['mcpservers', 'apikeys'],
      security: ['guardrailpolicies', 'apikeys'],
      platform: ['mcpgateways'],
      editor: [],
      viewer: [],
      stranger: [],
    }

    test.each(Object.entries(expected))('%s creates and deletes %j', async (user, mine) => {
      for (const verb of ['create', 'delete'])
        for (const kind of kinds)
          expect([verb, kind, await may(user, verb, kind)]).toEqual([verb, kind, mine.includes(kind)])
    })

    test.each(['owner', 'security', 'platform', 'editor', 'viewer'])('%s sees all of them', async user => {
      for (const kind of kinds) expect([kind, await may(user, 'list', kind)]).toEqual([kind, true])
    })

    test('a stranger sees none', async () => {
      for (const kind of kinds) expect([kind, await may('stranger', 'list', kind)]).toEqual([kind, false])
    })

    test('an editor of the namespace is inside the wall: Secrets, Deployments and shells are his, guard or not', async () => {
      for (const [verb, resource, group] of [
        ['get', 'secrets', ''],
        ['create', 'pods', ''],
        ['create', 'pods/exec', ''],
        ['patch', 'deployments', 'apps'],
        ['delete', 'networkpolicies', 'networking.k8s.io'],
      ] as const)
        expect([resource, await may('editor', verb, resource, group)]).toEqual([resource, true])
    })

    async function may(user: string, verb: string, name: string, group = 'mcp.gateway.io'): Promise<boolean> {
      const [resource, subresource = ''] = name.split('/')
      const resourceAttributes = { namespace: 'team', verb, group, resource, subresource }
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
      const { body } = await as(user).request('POST', path, { spec: { resourceAttributes } })
      return (body['status'] as { allowed: boolean }).allowed
    }
  })

  describe('the policies', () => {
    const policies = filesLike('config/admission/*.yaml').flatMap(({ text }) => manifestsIn(text))

    test('fail closed, and deny', () => {
      const specs = policies.filter(({ kind }) => kind.startsWith('Validating')).map(({ spec }) => spec)
      expect(specs.length).toBe(20)
      for (const spec of specs)
        expect([{ failurePolicy: 'Fail' }, { validationActions: ['Deny'] }]).toContainEqual(
          expect.objectContaining(pick(spec as Record<string, unknown>)),
        )
    })

    const pick = (spec: Record<string, unknown>) =>
      'policyName' in spec ? { validationActions: spec['validationActions'] } : { failurePolicy: spec['failurePolicy'] }

    test('fit the types that they look at', async () => {
      const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies'
      const { body } = await as('admin').request('GET', path)
      const { items } = body as unknown as {
        items: { metadata: { name: string }; status?: { typeChecking?: object } }[]
      }
      const mine = items.filter(({ metadata }) => metadata.name.endsWith('.mcp.gateway.io'))
      expect(mine.length).toBe(10)
      for (const { metadata, status } of mine)
        expect([metadata.name, status?.typeChecking]).toEqual([metadata.name, {}])
    })
  })
})
