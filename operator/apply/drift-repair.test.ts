import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { AuditLog } from '../../hack/controlplane/audit.ts'
import type { Credentials } from '../../hack/controlplane/credentials.ts'
import { controlPlane } from '../../hack/controlplane/index.ts'
import type { Json, Rest } from '../../hack/controlplane/rest.ts'
import { server } from '../../hack/operator/documents.ts'
import { ApiClient } from '../kit/client.ts'
import { systemClock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import { DriftRepair } from './drift-repair.ts'
import type { KubernetesObject } from '../translate/index.ts'
import { needsRecreation } from '../translate/objects/replace-patch.ts'
import { install } from '../../hack/manifests/install.ts'
import { webhook, type Patch, type Webhook } from '../../hack/operator/webhook.ts'
import {
  applyAll,
  conditionOf,
  find,
  kubectl,
  namespaces,
  operate,
  operatorNamespace,
  paths,
  quiet,
  until,
  type OwnControlPlane,
  type Staged,
} from '../../hack/operator/stage.ts'

const pod = '/spec/template/spec'
const add = (path: string, value: unknown): Patch => ({ op: 'add', path, value })
const evil = { name: 'evil', image: 'example.test/evil:1' }

type Container = { readonly name: string; readonly env?: readonly { readonly name: string }[] }
type Template = {
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers: readonly Container[] }
}
const templateOf = (object: Json | undefined): Template =>
  (object?.['spec'] as { readonly template: Template } | undefined)?.template ?? {
    spec: { containers: [], initContainers: [] },
  }
const namesIn = (object: Json | undefined): string[] => {
  const { containers, initContainers } = templateOf(object).spec
  return [...initContainers, ...containers].map(({ name }) => name)
}
const notesOf = (object: Json | undefined): string =>
  ((object?.['status'] as { notes?: readonly string[] } | undefined)?.notes ?? []).join('\n')

/** A mesh: a container, and a variable of the guard. */
const mesh = (kind: string, object: Json): Patch[] => {
  if (kind !== 'Deployment' || namesIn(object).includes('mesh')) return []
  return [
    add(`${pod}/containers/-`, { name: 'mesh', image: 'example.test/mesh:1' }),
    add(`${pod}/initContainers/0/env/-`, { name: 'MESH', value: 'on' }),
  ]
}

/** A platform: nothing of it touches the guard. */
const platform = (kind: string): Patch[] =>
  kind !== 'Deployment'
    ? []
    : [
        add('/metadata/labels/team', 'one'),
        add('/spec/template/metadata/annotations/team', 'one'),
        add(`${pod}/tolerations`, [{ operator: 'Exists' }]),
        add(`${pod}/nodeSelector`, { pool: 'one' }),
        add(`${pod}/initContainers/0/resources/limits/cpu`, '1'),
      ]

/** Another way to each object that is not a workload. */
const ways = (kind: string, object: Json): Patch[] => {
  if (kind === 'Service' && !JSON.stringify(object).includes('9999'))
    return [add('/spec/ports/-', { name: 'more', port: 9999, targetPort: 9999 })]
  if (kind === 'NetworkPolicy') return [add('/spec/egress', [{}])]
  return kind === 'ConfigMap' ? [add('/data/more', 'x')] : []
}

describe.skipIf(noControlPlane)('what admission adds to the operator’s writes', () => {
  let plane: OwnControlPlane
  let rest: Rest
  let operator: Staged
  let credentials: Credentials
  let folder: string
  let audit: AuditLog
  const user = 'the-operator'
  const webhooks: Webhook[] = []
  const hook = async (...args: Parameters<typeof webhook>): Promise<void> => void webhooks.push(await webhook(...args))
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bartizan-mender-'))
    audit = new AuditLog(folder)
    plane = await controlPlane({ controllers: true, crds: true, flags: audit.flags })
    rest = plane.rest()
    await namespaces(plane, operatorNamespace, 'mesh', 'platform', 'ways')
    credentials = await plane.user(user, ['system:masters'])
    operator = await operate(plane, { credentials })
    await operator.elected()
  })
  afterAll(async () => {
    await operator?.stop()
    for (const one of webhooks) await one.stop()
    await plane?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const conditions = async (namespace: string) => {
    const object = await find(rest, 'MCPServer', namespace, 'one')
    return {
      programmed: conditionOf(object, 'Programmed'),
      ready: conditionOf(object, 'Ready'),
      notes: notesOf(object),
    }
  }
  const said = (namespace: string, reason: string) =>
    until(async () => {
      const all = await conditions(namespace)
      return all.programmed?.reason === reason && all.ready?.reason === reason && all
    }, reason)
  /** How often the operator has written an object, once it does so no more. */
  const calm = async (namespace: string, resource: string): Promise<number> => {
    await quiet(rest, namespace, 4000)
    const all = audit.writes().filter(one => one.who === user && one.namespace === namespace && one.name === 'mcp-one')
    return all.filter(one => one.resource === resource).length
  }

  test('a container and a variable of the guard that come back are not fought, and make the server not ready', async () => {
    await hook(plane, 'mesh', mesh)
    await applyAll(plane, 'mesh', server('one'))
    const { ready } = await said('mesh', 'ForeignEntries')
    expect(ready?.status).toBe('False')
    for (const entry of ['Deployment mcp-one', 'containers[mesh]', 'initContainers[gateway].env[MESH]', 'webhook'])
      expect(ready?.message).toContain(entry)
    // One write, and one repair.
    expect(await calm('mesh', 'deployments')).toBe(2)
    // A change of the server is one write more, and no repair of what has been repaired just now.
    await applyAll(plane, 'mesh', server('one', 'example.test/mcp:2'))
    await until(async () => JSON.stringify(await find(rest, 'Deployment', 'mesh', 'mcp-one')).includes('mcp:2'), 'it')
    expect(await calm('mesh', 'deployments')).toBe(3)
    expect(namesIn(await find(rest, 'Deployment', 'mesh', 'mcp-one'))).toEqual(['gateway', 'server', 'mesh'])
  })

  test('what somebody else adds besides is removed all the same', async () => {
    const path = `${paths.Deployment('mesh')}/mcp-one`
    await rest.request('PATCH', path, [add(`${pod}/containers/-`, evil)], 'application/json-patch+json')
    const names = await until(async () => {
      const all = namesIn(await find(rest, 'Deployment', 'mesh', 'mcp-one'))
      return !all.includes('evil') && all
    }, 'it to go')
    expect(names).toEqual(['gateway', 'server', 'mesh'])
    const note = await until(async () => {
      const { body } = await rest.request('GET', '/apis/events.k8s.io/v1/namespaces/mesh/events')
      const all = body['items'] as readonly { readonly reason: string; readonly note: string }[]
      return all.find(({ reason }) => reason === 'ForeignEntriesRemoved')?.note
    }, 'an Event')
    expect(note).toBe('Removed from Deployment mcp-one what others had put there: spec.template.spec.containers[evil]')
  })

  test('a new operator knows nothing of it, repairs once, and says the same', async () => {
    const before = await calm('mesh', 'deployments')
    const told = (await conditions('mesh')).ready
    await operator.stop()
    operator = await operate(plane, { credentials })
    await operator.elected()
    expect(await calm('mesh', 'deployments')).toBe(before + 2)
    expect((await conditions('mesh')).ready).toEqual(told)
  })

  test('labels, annotations, tolerations, node selectors and resources that come back are told of', async () => {
    await hook(plane, 'platform', platform)
    await applyAll(plane, 'platform', server('one'))
    const { notes } = await until(async () => {
      const all = await conditions('platform')
      return all.notes.includes('nodeSelector') && all
    }, 'the notes')
    for (const entry of [
      'metadata.labels[team]',
      'annotations[team]',
      'tolerations',
      'nodeSelector[pool]',
      'limits.cpu',
    ])
      expect(notes).toContain(entry)
    expect(await calm('platform', 'deployments')).toBe(2)
    expect((await conditions('platform')).programmed?.reason).not.toBe('ForeignEntries')
  })

  test('a port, a way out and a key of a configuration that come back make the server not ready, each by its name', async () => {
    await hook(plane, 'ways', ways)
    await applyAll(plane, 'ways', server('one'))
    const { ready } = await said('ways', 'ForeignEntries')
    for (const entry of ['Service mcp-one: spec.ports[9999/TCP]', 'NetworkPolicy mcp-one: spec.egress', 'data[more]'])
      await until(async () => (await conditions('ways')).ready?.message.includes(entry), entry)
    expect(ready?.status).toBe('False')
    for (const resource of ['services', 'networkpolicies', 'configmaps']) expect(await calm('ways', resource)).toBe(2)
  })

  test('nothing of all that was an error', () => {
    expect(operator.errors()).toEqual([])
  })

  test('what was changed once more since it was looked at is looked at again', async () => {
    await operator.stop()
    const client = new ApiClient({ credentials })
    const template = { labels: { a: 'b' } }
    const wish: KubernetesObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'by-hand', namespace: operatorNamespace },
      spec: {
        replicas: 0,
        selector: { matchLabels: template.labels },
        template: { metadata: template, spec: { containers: [{ name: 'server', image: 'example.test/mcp:1' }] } },
      },
    }
    const path = `${paths.Deployment(operatorNamespace)}/by-hand`
    const edit = async (...operations: readonly object[]): Promise<ApiObject> =>
      (await rest.request('PATCH', path, operations, 'application/json-patch+json')).body as ApiObject
    await rest.request('POST', paths.Deployment(operatorNamespace), wish)
    const seen = await edit(add(`${pod}/containers/-`, evil))
    await edit(add(`${pod}/containers/-`, { ...evil, name: 'more' }))
    const driftRepair = new DriftRepair(client, systemClock)
    const { repaired, problem } = await driftRepair.repair(wish, seen)
    expect(problem).toBeUndefined()
    expect(templateOf(repaired).spec.containers.map(({ name }) => name)).toEqual(['server'])
    await client.close()
  })

  const made = { namespace: operatorNamespace }
  const template = {
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ name: 'x', image: 'example.test/x:1' }] },
  }
  const selecting = (labels: object) => ({
    replicas: 0,
    selector: { matchLabels: labels },
    template: { ...template, metadata: { labels } },
  })
  test.for<readonly [string, KubernetesObject, object]>([
    [
      'a Service without an address',
      { apiVersion: 'v1', kind: 'Service', metadata: { ...made, name: 'a' }, spec: { ports: [{ port: 80 }] } },
      { spec: { ports: [{ port: 80 }], clusterIP: 'None' } },
    ],
    [
      'an immutable ConfigMap',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...made, name: 'b' }, immutable: false, data: { a: 'b' } },
      { immutable: true, data: { a: 'c' } },
    ],
    [
      'a Deployment of other pods',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...made, name: 'c' }, spec: selecting({ a: 'b' }) },
      { spec: selecting({ a: 'c' }) },
    ],
  ])('%s, which no write can change, is made anew', async ([, wish, other]) => {
    const path = paths[wish.kind as 'Service'](operatorNamespace)
    const there = await rest.request('POST', path, { ...wish, ...other })
    expect(there.status).toBe(201)
    const client = new ApiClient({ credentials })
    const { repaired, problem } = await new DriftRepair(client, systemClock).repair(wish, there.body as ApiObject)
    expect(problem).toBeUndefined()
    expect(repaired.metadata.uid).not.toBe((there.body as ApiObject).metadata.uid)
    const { metadata: _, ...content } = wish
    expect(repaired).toMatchObject(content)
    expect([needsRecreation(wish, there.body), needsRecreation(wish, repaired)]).toEqual([true, false])
    await client.close()
  })
})

describe.skipIf(noControlPlane)('the operator behind its own fence', () => {
  let plane: OwnControlPlane
  let rest: Rest
  let operator: Staged
  const webhooks: Webhook[] = []
  beforeAll(async () => {
    plane = await controlPlane({ controllers: true })
    rest = plane.rest()
    await install(plane, 'fenced')
    await namespaces(plane, 'bare', 'added', 'labelled', 'kube-inner')
    // Whoever changes these objects has deleted the binding that keeps them off.
    await kubectl(plane, ['delete', 'validatingadmissionpolicybinding', 'owned.mcp.gateway.io'])
    const credentials = await plane.account(operatorNamespace, 'bartizan-operator')
    operator = await operate(plane, { credentials, unfenced: false })
    await operator.elected()
    await until(async () => operator.lines.some(({ event }) => event === 'fenced'), 'the fence')
    await applyAll(plane, 'fenced', server('one'))
    await until(() => find(rest, 'Deployment', 'fenced', 'mcp-one'), 'the Deployment')
    await quiet(rest, 'fenced')
  })
  afterAll(async () => {
    await operator?.stop()
    for (const one of webhooks) await one.stop()
    await plane?.stop()
  })

  test.for<[string, readonly object[]]>([
    ['a container without a restricted security context', [add(`${pod}/containers/-`, evil)]],
    ['such a container in place of the guard', [{ op: 'replace', path: `${pod}/initContainers/0`, value: evil }]],
    ['a volume of the node', [add(`${pod}/volumes/-`, { name: 'evil', hostPath: { path: '/' } })]],
    ['the network of the node', [add(`${pod}/hostNetwork`, true)]],
  ])('is not kept by it from removing %s', async ([, operations]) => {
    const before = templateOf(await find(rest, 'Deployment', 'fenced', 'mcp-one'))
    const path = `${paths.Deployment('fenced')}/mcp-one`
    expect((await rest.request('PATCH', path, operations, 'application/json-patch+json')).status).toBe(200)
    await until(
      async () =>
        JSON.stringify(templateOf(await find(rest, 'Deployment', 'fenced', 'mcp-one'))) === JSON.stringify(before),
      'the Deployment to be as it was',
      10_000,
    )
    expect(operator.errors()).toEqual([])
  })

  const readyOf = async (namespace: string) =>
    conditionOf(await find(rest, 'MCPServer', namespace, 'one'), 'Ready') ?? { reason: '', message: '' }

  const adds = (kind: string, object: Json): Patch[] =>
    kind === 'Deployment' && !namesIn(object).includes('evil') ? [add(`${pod}/containers/-`, evil)] : []

  test('is not kept by it from trying in vain to remove such a container that admission adds', async () => {
    await applyAll(plane, 'bare', server('one'))
    await until(() => find(rest, 'Deployment', 'bare', 'mcp-one'), 'the Deployment')
    await quiet(rest, 'bare')
    webhooks.push(await webhook(plane, 'bare', adds))
    const path = `${paths.Deployment('bare')}/mcp-one`
    await rest.request('PATCH', path, { metadata: { annotations: { touched: 'yes' } } })
    const message = await until(async () => {
      const { reason, message } = await readyOf('bare')
      return reason === 'ForeignEntries' && message
    }, 'the word about it')
    for (const text of ['Deployment mcp-one', 'spec.template.spec.containers[evil]', 'webhook'])
      expect(message).toContain(text)
  })

  test('names the container that it may not write, and what to do, where admission adds one', async () => {
    const added = await webhook(plane, 'added', adds)
    webhooks.push(added)
    await applyAll(plane, 'added', server('one'))
    const message = await until(async () => {
      const { reason, message } = await readyOf('added')
      return reason === 'ApplyRefused' && message
    }, 'the refusal')
    expect(message).toMatch(/Deployment mcp-one: .* ports of the host: evil: .* webhook .* exempt the namespace/)
    // When it adds no more, the next try passes.
    await added.retire()
    const names = await until(async () => {
      const made = await find(rest, 'Deployment', 'added', 'mcp-one')
      return made && namesIn(made)
    }, 'the Deployment')
    expect(names).toEqual(['gateway', 'server'])
  })

  test('names the labels alone that it may not write, and takes them for a note when they are named to the fence', async () => {
    const isLabelled = ['ServiceAccount', 'ConfigMap', 'Service', 'NetworkPolicy', 'Deployment']
    webhooks.push(
      await webhook(plane, 'labelled', kind => [
        ...(isLabelled.includes(kind) ? [add('/metadata/labels/team', 'one')] : []),
        ...(kind === 'Deployment' ? [add('/spec/template/metadata/annotations/example.com~1cost', 'x')] : []),
      ]),
    )
    await applyAll(plane, 'labelled', server('one'))
    const message = await until(async () => {
      const { reason, message } = await readyOf('labelled')
      return reason === 'ApplyRefused' && message
    }, 'the refusal')
    expect(message).toMatch(/admission-adds of its ServiceAccount: team: .*have it named in that annotation/)
    const names = 'mcp.gateway.io/admission-adds=team,example.com/cost'
    await kubectl(plane, ['annotate', '-n', operatorNamespace, 'serviceaccount', 'bartizan-operator', names])
    const notes = await until(async () => {
      const text = notesOf(await find(rest, 'MCPServer', 'labelled', 'one'))
      return text.includes('annotations[example.com/cost]') && text
    }, 'the notes')
    for (const kind of isLabelled) expect(notes).toContain(`${kind} mcp-one holds`)
    expect((await readyOf('labelled')).reason).not.toBe('ApplyRefused')
    const kept = async () =>
      ((await rest.request('GET', paths.ConfigMap('labelled'))).body['items'] as readonly ApiObject[]).some(
        ({ metadata: { name = '' } }) => name.startsWith('last-good-'),
      )
    await until(kept, 'the last good spec')
  })

  test('says of a server in a namespace of the cluster that it has to move', async () => {
    await applyAll(plane, 'kube-inner', server('one'))
    const message = await until(async () => {
      const { reason, message } = await readyOf('kube-inner')
      return reason === 'ApplyRefused' && message
    }, 'the refusal')
    expect(message).toContain('move the MCPServer into another namespace')
    expect(message).not.toContain('webhook')
  })
})
