import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { controlPlane } from '../../hack/controlplane/index.ts'
import type { Json, Rest } from '../../hack/controlplane/rest.ts'
import { install } from '../../hack/manifests/install.ts'
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
  type ListedObject,
  type OwnControlPlane,
  type Staged,
} from '../../hack/operator/stage.ts'

type Kind = 'Deployment' | 'Service' | 'ConfigMap' | 'ServiceAccount' | 'NetworkPolicy'
type Operation = { readonly op: 'add' | 'replace' | 'remove'; readonly path: string; readonly value?: unknown }

const pod = '/spec/template/spec'
const gateway = `${pod}/initContainers/0`
const mcp = `${pod}/containers/0`
const add = (path: string, value: unknown): Operation => ({ op: 'add', path, value })
const evil = { name: 'evil', image: 'example.test/evil:1' }
const restricted = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
}
const affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'evil', operator: 'Exists' }] }],
    },
  },
}

const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, '']))

/** What whoever may change an object puts into it. Each is gone, or as it was, within seconds. */
const table: readonly (readonly [Kind, string, readonly Operation[]])[] = [
  ['Deployment', 'a variable of the gateway', [add(`${gateway}/env/-`, { name: 'NODE_OPTIONS', value: '--import=x' })]],
  ['Deployment', 'a variable of the gateway twice', [add(`${gateway}/env/-`, { name: 'POD_UID', value: 'other' })]],
  [
    'Deployment',
    'another source of a variable',
    [{ op: 'replace', path: `${gateway}/env/0`, value: { name: 'POD_UID', value: 'other' } }],
  ],
  ['Deployment', 'variables from elsewhere', [add(`${gateway}/envFrom`, [{ secretRef: { name: 'evil' } }])]],
  ['Deployment', 'a variable of the server', [add(`${mcp}/env/-`, { name: 'EVIL', value: 'x' })]],
  ['Deployment', 'a command of the server', [add(`${mcp}/command`, ['evil'])]],
  ['Deployment', 'arguments of the gateway', [add(`${gateway}/args/-`, '--evil')]],
  ['Deployment', 'a working directory', [add(`${gateway}/workingDir`, '/evil')]],
  ['Deployment', 'a container', [add(`${pod}/containers/-`, { ...evil, securityContext: restricted })]],
  ['Deployment', 'a container before the gateway', [add(`${pod}/initContainers/0`, evil)]],
  ['Deployment', 'a container without a restricted security context', [add(`${pod}/containers/-`, evil)]],
  ['Deployment', 'another container instead of the gateway', [{ op: 'replace', path: gateway, value: evil }]],
  ['Deployment', 'a port of a container', [add(`${mcp}/ports/-`, { containerPort: 6666 })]],
  ['Deployment', 'a port of the host', [add(`${gateway}/ports/0/hostPort`, 6666)]],
  ['Deployment', 'a volume', [add(`${pod}/volumes/-`, { name: 'evil', hostPath: { path: '/' } })]],
  [
    'Deployment',
    'another source of a volume',
    [{ op: 'replace', path: `${pod}/volumes/0`, value: { name: 'config', configMap: { name: 'evil' } } }],
  ],
  [
    'Deployment',
    'another kind of a volume',
    [{ op: 'replace', path: `${pod}/volumes/0`, value: { name: 'config', hostPath: { path: '/etc' } } }],
  ],
  [
    'Deployment',
    'the keys of a mounted ConfigMap',
    [add(`${pod}/volumes/0/configMap/items`, [{ key: 'k', path: 'p' }])],
  ],
  [
    'Deployment',
    'a mount over the program of the gateway',
    [add(`${gateway}/volumeMounts/-`, { name: 'config', mountPath: '/app' })],
  ],
  ['Deployment', 'part of a mount', [add(`${gateway}/volumeMounts/0/subPath`, 'evil')]],
  ['Deployment', 'privileges', [add(`${mcp}/securityContext/allowPrivilegeEscalation`, true)]],
  [
    'Deployment',
    'root',
    [add(`${gateway}/securityContext/runAsUser`, 0), add(`${gateway}/securityContext/runAsNonRoot`, false)],
  ],
  ['Deployment', 'capabilities', [add(`${gateway}/securityContext/capabilities/add`, ['NET_ADMIN'])]],
  [
    'Deployment',
    'a security context of the pod',
    [add(`${pod}/securityContext/sysctls`, [{ name: 'a.b', value: '1' }])],
  ],
  ['Deployment', 'a group of the pod', [add(`${pod}/securityContext/supplementalGroups`, [0])]],
  ['Deployment', 'the namespaces of the node', [add(`${pod}/hostNetwork`, true), add(`${pod}/hostPID`, true)]],
  ['Deployment', 'one process namespace for all', [add(`${pod}/shareProcessNamespace`, true)]],
  ['Deployment', 'a node', [add(`${pod}/nodeName`, 'evil')]],
  ['Deployment', 'node selectors', [add(`${pod}/nodeSelector`, { evil: 'yes' })]],
  ['Deployment', 'tolerations', [add(`${pod}/tolerations`, [{ operator: 'Exists' }])]],
  ['Deployment', 'an affinity', [add(`${pod}/affinity`, affinity)]],
  ['Deployment', 'a scheduler', [{ op: 'replace', path: `${pod}/schedulerName`, value: 'evil' }]],
  ['Deployment', 'a priority', [add(`${pod}/priorityClassName`, 'system-node-critical')]],
  ['Deployment', 'a runtime', [add(`${pod}/runtimeClassName`, 'evil')]],
  [
    'Deployment',
    'aliases of hosts',
    [add(`${pod}/hostAliases`, [{ ip: '10.0.0.1', hostnames: ['api.example.test'] }])],
  ],
  ['Deployment', 'name servers', [add(`${pod}/dnsConfig`, { nameservers: ['10.0.0.1'] })]],
  [
    'Deployment',
    'other DNS',
    [
      { op: 'replace', path: `${pod}/dnsPolicy`, value: 'None' },
      add(`${pod}/dnsConfig`, { nameservers: ['10.0.0.1'] }),
    ],
  ],
  ['Deployment', 'a Secret to pull with', [add(`${pod}/imagePullSecrets`, [{ name: 'evil' }])]],
  ['Deployment', 'when an image is pulled', [{ op: 'replace', path: `${gateway}/imagePullPolicy`, value: 'Never' }]],
  ['Deployment', 'another account', [{ op: 'replace', path: `${pod}/serviceAccountName`, value: 'default' }]],
  ['Deployment', 'a hook', [add(`${gateway}/lifecycle`, { preStop: { exec: { command: ['evil'] } } })]],
  ['Deployment', 'another hook', [add(`${mcp}/lifecycle`, { postStart: { exec: { command: ['evil'] } } })]],
  ['Deployment', 'a probe of the server', [add(`${mcp}/livenessProbe`, { exec: { command: ['evil'] } })]],
  [
    'Deployment',
    'another kind of a probe',
    [{ op: 'replace', path: `${gateway}/readinessProbe`, value: { exec: { command: ['true'] } } }],
  ],
  ['Deployment', 'more time for a probe', [add(`${gateway}/livenessProbe/initialDelaySeconds`, 3600)]],
  ['Deployment', 'resources', [add(`${mcp}/resources/limits/ephemeral-storage`, '1Gi')]],
  [
    'Deployment',
    'annotations of the pods',
    [add('/spec/template/metadata/annotations/sidecar.istio.io~1inject', 'true')],
  ],
  ['Deployment', 'labels of the pods', [add('/spec/template/metadata/labels/evil', 'yes')]],
  ['Deployment', 'a label of the pods without a value', [add('/spec/template/metadata/labels/evil', '')]],
  ['Deployment', 'a pause', [add('/spec/paused', true)]],
  ['Deployment', 'patience', [add('/spec/minReadySeconds', 100)]],
  ['Deployment', 'the number of pods', [{ op: 'replace', path: '/spec/replicas', value: 3 }]],
  ['Service', 'a port', [add('/spec/ports/-', { name: 'evil', port: 9090, targetPort: 8080 })]],
  ['Service', 'a port of the nodes', [add('/spec/type', 'NodePort')]],
  [
    'Service',
    'a load balancer',
    [add('/spec/type', 'LoadBalancer'), add('/spec/loadBalancerSourceRanges', ['0.0.0.0/0'])],
  ],
  ['Service', 'another name', [add('/spec/type', 'ExternalName'), add('/spec/externalName', 'evil.example.test')]],
  ['Service', 'external addresses', [add('/spec/externalIPs', ['203.0.113.7'])]],
  ['Service', 'a selector', [add('/spec/selector/evil', 'yes')]],
  ['Service', 'pods that are not ready', [add('/spec/publishNotReadyAddresses', true)]],
  ['Service', 'where calls go', [add('/spec/internalTrafficPolicy', 'Local')]],
  ['Service', 'how long a client stays', [add('/spec/sessionAffinityConfig/clientIP/timeoutSeconds', 1)]],
  ['ConfigMap', 'a key', [add('/data/evil', 'x')]],
  ['ConfigMap', 'a key without a value', [add('/data/evil', '')]],
  ['ConfigMap', 'a binary key', [add('/binaryData', { evil: 'eA==' })]],
  ['ConfigMap', 'that it is immutable', [{ op: 'replace', path: '/immutable', value: true }]],
  ['ServiceAccount', 'more annotations than admission judges in time', [add('/metadata/annotations', many)]],
  ['ServiceAccount', 'a Secret to pull with', [add('/imagePullSecrets', [{ name: 'evil' }])]],
  ['ServiceAccount', 'a Secret', [add('/secrets', [{ name: 'evil' }])]],
  [
    'ServiceAccount',
    'an identity of a cloud',
    [add('/metadata/annotations', { 'eks.amazonaws.com/role-arn': 'evil' })],
  ],
  ['NetworkPolicy', 'a way in', [add('/spec/ingress/-', {})]],
  ['NetworkPolicy', 'a way out', [add('/spec/egress', [{}])]],
  ['NetworkPolicy', 'other pods', [add('/spec/podSelector/matchLabels/evil', 'yes')]],
  [
    'NetworkPolicy',
    'pods by an expression',
    [add('/spec/podSelector/matchExpressions', [{ key: 'evil', operator: 'Exists' }])],
  ],
  ['NetworkPolicy', 'one direction alone', [{ op: 'replace', path: '/spec/policyTypes', value: ['Ingress'] }]],
]

describe.skipIf(noControlPlane)('what others change of the operator’s objects', () => {
  let plane: OwnControlPlane
  let rest: Rest
  let operator: Staged
  beforeAll(async () => {
    plane = await controlPlane({ controllers: true })
    rest = plane.rest()
    await install(plane, 'drift')
    // Whoever changes these objects has deleted the binding that keeps them off; the fence around the operator itself stands.
    await kubectl(plane, ['delete', 'validatingadmissionpolicybinding', 'owned.mcp.gateway.io'])
    const credentials = await plane.account(operatorNamespace, 'bartizan-operator')
    operator = await operate(plane, { credentials, unfenced: false })
    await operator.elected()
    await until(async () => operator.lines.some(({ event }) => event === 'fenced'), 'the fence')
    await applyAll(plane, 'drift', server('one'))
    for (const [kind] of table) await until(() => find(rest, kind, 'drift', 'mcp-one'), kind)
    await quiet(rest, 'drift')
  })
  afterAll(async () => {
    await operator?.stop()
    await plane?.stop()
  })

  const pathOf = (kind: Kind): string => `${paths[kind]('drift')}/mcp-one`
  /** What an object asks for, without what tells who wrote it and when. */
  const contentOf = async (kind: Kind): Promise<unknown> => {
    const object = (await find(rest, kind, 'drift', 'mcp-one')) ?? {}
    const { metadata, status: _, ...content } = object as Json
    const { labels, annotations } = (metadata ?? {}) as { labels?: object; annotations?: Record<string, string> }
    const said = Object.entries(annotations ?? {}).filter(([name]) => name !== 'deployment.kubernetes.io/revision')
    // A Service that was none for a while gets other addresses.
    const spec = Object.entries((content['spec'] ?? {}) as Json).filter(([name]) => !name.startsWith('clusterIP'))
    return { labels, annotations: Object.fromEntries(said), ...content, spec: Object.fromEntries(spec) }
  }

  test.for(table)('%s: %s', async ([kind, , operations]) => {
    const before = await until(async () => (await find(rest, kind, 'drift', 'mcp-one')) && contentOf(kind), kind)
    const edited = await rest.request('PATCH', pathOf(kind), operations, 'application/json-patch+json')
    expect({ status: edited.status, said: edited.body['message'] }).toEqual({ status: 200, said: undefined })
    // Within seconds; what it is then is compared, so that a failure says what is left.
    const isBack = async (): Promise<boolean> => JSON.stringify(await contentOf(kind)) === JSON.stringify(before)
    await until(isBack, 'the object to be as it was', 8000).catch(() => undefined)
    expect(await contentOf(kind)).toEqual(before)
  })

  test('a restart of the pods that somebody asks for with kubectl happens, and survives the next change of the server', async () => {
    const restartOf = async () => {
      const now = await find(rest, 'Deployment', 'drift', 'mcp-one')
      const { template } = now!['spec'] as {
        template: { metadata: { annotations: Record<string, string> }; spec: { containers: { image: string }[] } }
      }
      const { annotations } = template.metadata
      return { at: annotations['kubectl.kubernetes.io/restartedAt'], image: template.spec.containers[0]?.image }
    }
    await kubectl(plane, ['rollout', 'restart', 'deployment/mcp-one', '-n', 'drift'])
    const { at } = await restartOf()
    expect(at).toMatch(/^\d{4}-/)
    await quiet(rest, 'drift')
    expect((await restartOf()).at).toBe(at)
    // A repair of the whole object leaves it, too.
    const operations = [add(`${pod}/containers/-`, evil)]
    await rest.request('PATCH', pathOf('Deployment'), operations, 'application/json-patch+json')
    await applyAll(plane, 'drift', server('one', 'example.test/mcp:2'))
    await until(async () => (await restartOf()).image === 'example.test/mcp:2', 'the new image')
    await quiet(rest, 'drift')
    expect(await restartOf()).toEqual({ at, image: 'example.test/mcp:2' })
    expect(JSON.stringify(await contentOf('Deployment'))).not.toContain('evil')
    await applyAll(plane, 'drift', server('one'))
  })

  test('the last good spec of an object is put back as it was, and made anew', async () => {
    const kept = async (): Promise<ListedObject | undefined> =>
      (await list(rest, 'ConfigMap', 'drift')).find(({ metadata }) => metadata.name.startsWith('last-good-'))
    const before = await until(kept, 'the ConfigMap')
    const path = `${paths.ConfigMap('drift')}/${before.metadata.name}`
    const isBack = async () => JSON.stringify((await kept())?.['data']) === JSON.stringify(before['data'])
    const forged = String((before['data'] as Json)['last-good.json']).replace('example.test', 'evil.test')
    for (const data of [{ 'last-good.json': forged }, { 'last-good.json': '' }, { more: 'x' }, many]) {
      expect((await rest.request('PATCH', path, { data })).status).toBe(200)
      await until(isBack, 'its data to be as it was', 10_000)
    }
    expect((await rest.request('PATCH', path, { immutable: true, data: { 'last-good.json': forged } })).status).toBe(
      200,
    )
    await until(isBack, 'another in its place', 10_000)
    await rest.request('DELETE', path)
    await until(isBack, 'it to be made anew', 10_000)
  })

  type Pods = { readonly pod: string; readonly otherContainers?: readonly string[] }[]
  const podsOf = (object: Json | undefined): Pods =>
    (object?.['status'] as { gateway?: { pods: Pods } } | undefined)?.gateway?.pods ?? []
  const thePod = (): Promise<string> =>
    until(async () => {
      await quiet(rest, 'pods')
      const { body } = await rest.request('GET', '/api/v1/namespaces/pods/pods')
      const all = body['items'] as readonly { readonly metadata: { name: string; deletionTimestamp?: string } }[]
      return all.length === 1 && all[0]?.metadata.name
    }, 'the only pod')

  test('a container that somebody adds to a pod is named, and changes nothing', async () => {
    await namespaces(plane, 'pods')
    await applyAll(plane, 'pods', server('one'))
    const name = await thePod()
    const before = conditionOf(await find(rest, 'MCPServer', 'pods', 'one'), 'Programmed')
    const path = `/api/v1/namespaces/pods/pods/${name}/ephemeralcontainers`
    const spec = { ephemeralContainers: [{ name: 'debugger', image: 'example.test/busybox:1' }] }
    expect((await rest.request('PATCH', path, { spec })).status).toBe(200)
    const now = await until(async () => {
      const one = await find(rest, 'MCPServer', 'pods', 'one')
      return podsOf(one).some(({ otherContainers }) => otherContainers?.includes('debugger')) && one
    }, 'the container in the status')
    expect(conditionOf(now, 'Programmed')).toEqual(before)
  })

  test('a gateway whose image somebody changes in its pod makes its server not ready, until the pod is deleted', async () => {
    const name = await thePod()
    await kubectl(plane, ['set', 'image', `pod/${name}`, 'gateway=example.test/evil:1', '-n', 'pods'])
    const isAltered = async () => {
      const server = await find(rest, 'MCPServer', 'pods', 'one')
      const conditions = ['Programmed', 'Ready'].map(type => conditionOf(server, type))
      return conditions.every(one => one?.reason === 'GatewayAltered') && conditions
    }
    const [programmed, ready] = await until(isAltered, 'the status to say so')
    expect([programmed?.status, ready?.status]).toEqual(['False', 'False'])
    expect(ready?.message).toContain(`pod ${name}, container gateway: image:`)
    await kubectl(plane, ['delete', 'pod', name, '-n', 'pods', '--wait=false'])
    await until(async () => !(await isAltered()), 'the next pod to be as it should')
  })

  test('nothing of all that was an error', () => {
    expect(operator.errors()).toEqual([])
  })

  test.each(['/data', '/binaryData'])(
    'so many entries that admission does not judge a write in time are gone: %s',
    async field => {
      const before = await contentOf('ConfigMap')
      const operations = [add(field, many)]
      await rest.request('PATCH', pathOf('ConfigMap'), operations, 'application/json-patch+json')
      const now = async () => (await find(rest, 'ConfigMap', 'drift', 'mcp-one')) && contentOf('ConfigMap')
      const isBack = async () => JSON.stringify(await now()) === JSON.stringify(before)
      await until(isBack, 'the object to be as it was', 40_000).catch(() => undefined)
      expect(Object.keys((await now()) || {})).toEqual(Object.keys(before as Json))
      expect(await isBack()).toBe(true)
    },
  )
})
