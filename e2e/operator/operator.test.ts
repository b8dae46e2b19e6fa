import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { controlPlane } from '../../hack/controlplane/index.ts'
import type { Rest } from '../../hack/controlplane/rest.ts'
import { server } from '../../hack/operator/documents.ts'
import {
  applyAll,
  conditionOf,
  find,
  kubectl,
  list,
  namespaces,
  operate,
  operatorNamespace,
  paths,
  quiet,
  until,
  versions,
  type OwnControlPlane,
  type Staged,
} from '../../hack/operator/stage.ts'

const given = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../crds/testdata/valid', name), 'utf8')

let addresses = 0
/** Nobody listens there: whoever asks the gateway of such a pod is refused at once. */
const refusing = () => ({ ip: `127.0.78.${++addresses}` })

describe.skipIf(noControlPlane)('the operator on a real API server', () => {
  let plane: OwnControlPlane
  let rest: Rest
  let operator: Staged
  beforeAll(async () => {
    plane = await controlPlane({ controllers: true, crds: true })
    rest = plane.rest()
    await plane.kubelet({ plan: refusing })
    await namespaces(plane, operatorNamespace)
    operator = await operate(plane)
    await operator.elected()
  })
  afterAll(async () => {
    await operator?.stop()
    await plane?.stop()
  })

  const isAccepted = async (namespace: string, name: string, kind: keyof typeof paths = 'MCPServer') =>
    conditionOf(await find(rest, kind, namespace, name), 'Accepted')
  const available = (namespace: string, name: string) =>
    until(async () => {
      const deployment = await find(rest, 'Deployment', namespace, `mcp-${name}`)
      return (deployment?.['status'] as { readyReplicas?: number } | undefined)?.readyReplicas === 1 && deployment
    }, `a ready pod of ${name}`)

  test('makes of the given manifests what they ask for, and says so', async () => {
    await namespaces(plane, 'given')
    const documents = [
      'v1-the-given-manifest.yaml',
      'v2-with-a-name-added.yaml',
      'v4-as-the-secrets-of-an-image.yaml',
    ].map(given)
    await applyAll(plane, 'given', documents.join('\n---\n'))
    const servers = await until(async () => {
      const all = await list(rest, 'MCPServer', 'given')
      return all.length > 0 && all.every(one => conditionOf(one, 'Accepted')) && all
    }, 'the statuses of the servers')
    for (const { metadata } of servers) await available('given', metadata.name)
    for (const one of [...servers, ...(await list(rest, 'GuardrailPolicy', 'given'))])
      expect(conditionOf(one, 'Accepted')).toMatchObject({ status: 'True' })
    // Their Secrets do not exist: that is said, and named.
    expect(conditionOf(servers[0], 'ResolvedRefs')).toMatchObject({ status: 'False', reason: 'SecretNotFound' })
  })

  test('writes nothing when nothing has changed, whatever is looked at again', async () => {
    // The addresses of the played pods lead nowhere, which takes the first operator a while to find out.
    await until(async () => {
      const all = await list(rest, 'MCPServer', 'given')
      return all.every(one => conditionOf(one, 'Programmed')?.reason !== 'WaitingForGateways')
    }, 'every gateway to have been asked')
    const before = await quiet(rest, 'given', 3000)
    const told = await list(rest, 'MCPServer', 'given')
    expect(Object.keys(before).length).toBeGreaterThan(6)
    const second = await operate(plane)
    await operator.stop()
    await second.elected()
    // The successor knows nothing and applies everything: the API server finds no difference.
    await until(async () => second.lines.some(({ event }) => event === 'elected') && true, 'the successor')
    const after = await quiet(rest, 'given', 3000)
    expect((await list(rest, 'MCPServer', 'given')).map(({ status }) => status)).toEqual(
      told.map(({ status }) => status),
    )
    expect(after).toEqual(before)
    operator = second
  })

  test('fetches a Secret that comes later, and takes the statement back', async () => {
    await kubectl(plane, ['create', 'secret', 'generic', 'api-key', '-n', 'given', '--from-literal=token=x'])
    await until(async () => {
      const all = await list(rest, 'MCPServer', 'given')
      return all.some(one => conditionOf(one, 'ResolvedRefs')?.status === 'True')
    }, 'the Secret to be seen')
    expect(await find(rest, 'Secret', 'given', 'api-key')).toBeDefined()
  })

  test('undoes what somebody else changed of its objects, and leaves alone what it does not set', async () => {
    await namespaces(plane, 'drift')
    await applyAll(plane, 'drift', server('one'))
    await available('drift', 'one')
    await quiet(rest, 'drift')
    const path = `${paths.Service('drift')}/mcp-one`
    await rest.request('PATCH', path, {
      metadata: { annotations: { mine: 'stays' } },
      spec: { selector: { app: 'evil' } },
    })
    const service = await until(async () => {
      const now = await find(rest, 'Service', 'drift', 'mcp-one')
      return !JSON.stringify(now?.['spec']).includes('evil') && now
    }, 'the selector to be as it was')
    expect(service.metadata).toHaveProperty('annotations.mine', 'stays')
    await rest.request('DELETE', `${paths.Deployment('drift')}/mcp-one`)
    await until(async () => {
      const now = await find(rest, 'Deployment', 'drift', 'mcp-one')
      return now !== undefined && now.metadata.deletionTimestamp === undefined
    }, 'the Deployment to be back')
    await rest.request('PATCH', `${paths.Deployment('drift')}/mcp-one`, {
      metadata: { labels: { 'app.kubernetes.io/managed-by': null } },
    })
    await until(
      async () => {
        const now = await find(rest, 'Deployment', 'drift', 'mcp-one')
        return now?.metadata.labels?.['app.kubernetes.io/managed-by'] !== undefined
      },
      'nothing: an object without its label is not ours any more',
      3000,
    ).then(
      () => expect.unreachable('it was adopted'),
      () => {},
    )
  })

  test('runs servers in a namespace that takes only restricted pods', async () => {
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await namespaces(plane, 'restricted')
    await rest.request('PATCH', '/api/v1/namespaces/restricted', { metadata: { labels: restricted } })
    // It is enforced: a pod that says nothing of its security is refused.
    const bare = { metadata: { name: 'bare' }, spec: { containers: [{ name: 'bare', image: 'example.test/bare:1' }] } }
    const refused = await rest.request('POST', '/api/v1/namespaces/restricted/pods', bare)
    expect([refused.status, String(refused.body['message'])]).toEqual([403, expect.stringMatching(/PodSecurity/)])
    await applyAll(plane, 'restricted', server('one'))
    expect((await available('restricted', 'one')).metadata.name).toBe('mcp-one')
  })

  test('adopts nothing: an object of that name stays as it is, and the status names it', async () => {
    await namespaces(plane, 'foreign')
    const foreign = await rest.request('POST', paths.Service('foreign'), {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'mcp-one' },
      spec: { ports: [{ port: 80 }], selector: { app: 'theirs' } },
    })
    const secret = await rest.request('POST', paths.Secret('foreign'), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'two-guard', labels: { 'app.kubernetes.io/managed-by': 'bartizan' } },
    })
    await applyAll(plane, 'foreign', server('one') + server('two'))
    await until(async () => (await isAccepted('foreign', 'two')) && (await isAccepted('foreign', 'one')), 'statuses')
    await quiet(rest, 'foreign')
    const now = await versions(rest, 'foreign')
    const version = ({ body }: typeof foreign) => (body['metadata'] as { resourceVersion: string }).resourceVersion
    expect(now['Service/mcp-one']).toBe(version(foreign))
    expect(now['Secret/two-guard']).toBe(version(secret))
    expect(Object.keys(now).filter(name => name.startsWith('Deployment'))).toEqual([])
    // When it has gone, the server gets its own.
    await rest.request('DELETE', `${paths.Service('foreign')}/mcp-one`)
    await rest.request('DELETE', `${paths.Secret('foreign')}/two-guard`)
    await available('foreign', 'one')
    await available('foreign', 'two')
  })

  test('removes what a server does not need any more, and nothing else', async () => {
    await namespaces(plane, 'prune')
    await applyAll(plane, 'prune', server('one'))
    await available('prune', 'one')
    const owner = (await find(rest, 'MCPServer', 'prune', 'one'))!
    const reference = {
      apiVersion: 'mcp.gateway.io/v1',
      kind: 'MCPServer',
      name: 'one',
      uid: owner.metadata.uid,
      controller: true,
    }
    const labels = { 'app.kubernetes.io/managed-by': 'bartizan', 'app.kubernetes.io/instance': 'one' }
    const make = (name: string, metadata: object) =>
      rest.request('POST', paths.ConfigMap('prune'), {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, ...metadata },
      })
    await make('not-ours', { labels })
    await make('of-an-earlier-version', { labels, ownerReferences: [reference] })
    await until(
      async () => (await find(rest, 'ConfigMap', 'prune', 'of-an-earlier-version')) === undefined,
      'the old one to go',
    )
    expect(await find(rest, 'ConfigMap', 'prune', 'not-ours')).toBeDefined()
  })

  test('gives a server that is made anew objects of its own', async () => {
    await namespaces(plane, 'anew')
    await applyAll(plane, 'anew', server('one'))
    const before = await available('anew', 'one')
    await kubectl(plane, ['delete', 'mcps', 'one', '-n', 'anew', '--wait=false'])
    await applyAll(plane, 'anew', server('one'))
    await until(async () => {
      const now = await find(rest, 'Deployment', 'anew', 'mcp-one')
      return now !== undefined && now.metadata.uid !== before.metadata.uid
    }, 'another Deployment')
    expect((await available('anew', 'one')).metadata.uid).not.toBe(before.metadata.uid)
  })

  test('lets a server go without a trace, also under another name', async () => {
    await namespaces(plane, 'gone')
    await applyAll(plane, 'gone', server('old'))
    await available('gone', 'old')
    await applyAll(plane, 'gone', server('new'))
    await kubectl(plane, ['delete', 'mcps', 'old', '-n', 'gone'])
    await available('gone', 'new')
    await until(async () => {
      const names = Object.keys(await versions(rest, 'gone'))
      return names.every(name => !/old/.test(name)) && names
    }, 'everything of the old name to be gone')
    await kubectl(plane, ['delete', 'mcps', 'new', '-n', 'gone'])
    await until(async () => {
      const left = Object.keys(await versions(rest, 'gone')).filter(
        name => !/kube-root-ca|ServiceAccount\/default/.test(name),
      )
      return left.length === 0
    }, 'nothing to be left')
    expect(await find(rest, 'Deployment', 'gone', 'mcp-new')).toBeUndefined()
  })

  test('is silent about a namespace that ends under its hands', async () => {
    await namespaces(plane, 'ending')
    const errors = operator.errors().length
    await applyAll(plane, 'ending', Array.from({ length: 20 }, (_, at) => server(`s${at}`)).join(''))
    await kubectl(plane, ['delete', 'namespace', 'ending', '--wait=true', '--timeout=60s'])
    expect(operator.errors().slice(errors)).toEqual([])
  })

  test('goes on when its kinds are deleted and restored', async () => {
    await namespaces(plane, 'kinds')
    await applyAll(plane, 'kinds', server('one'))
    await available('kinds', 'one')
    const folder = join(import.meta.dirname, '../../config/crd')
    await kubectl(plane, ['delete', '-k', folder, '--wait=true', '--timeout=60s'])
    await until(
      async () => (await find(rest, 'Deployment', 'kinds', 'mcp-one')) === undefined,
      'the Deployment to be collected',
    )
    await kubectl(plane, ['apply', '--server-side', '-k', folder])
    await kubectl(plane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'])
    await until(
      async () => (await plane.kubectl(['apply', '-n', 'kinds', '-f', '-'], server('two'))).status === 0,
      'the kinds to be served',
    )
    expect((await available('kinds', 'two')).metadata.name).toBe('mcp-two')
  })
})
