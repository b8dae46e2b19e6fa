import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kinds, type KindName } from '../../crds/index.ts'
import { validDocuments } from './testing/arbitrary.ts'
import {
  RememberedSteps,
  translate,
  type Desired,
  type LastGood,
  type ObservedServer,
  type SecretFact,
  type Snapshot,
} from './index.ts'

const kindNames = Object.keys(kinds) as KindName[]
const operatorNamespace = 'bartizan-system'

type Meta = { readonly metadata: object; readonly spec: object }

/** Objects of all kinds, some with a field that nobody knows, some in a namespace of their own. */
const object = fc
  .tuple(fc.oneof(...kindNames.map(validDocuments)), fc.nat(9), fc.constantFrom('1', '2'))
  .map(([document, slip, uid]) => {
    const { metadata, spec, ...rest } = document as Meta
    const own = { ...metadata, uid, ...(slip === 1 && { namespace: 'elsewhere' }) }
    return { ...rest, metadata: own, spec: slip === 0 ? { ...spec, mistyped: true } : spec }
  })

const server = (secret: string, more: object = {}): object => ({
  image: 'example.test/mcp:1',
  secrets: [{ name: secret, envVar: 'TOKEN' }],
  ...more,
})

/** What reaches into others: Secrets that are reserved for a key, a gateway or nobody, settings, and a policy that never compiled. */
const telling = [
  ['MCPServer', 'a', server('a')],
  ['MCPServer', 'pay', server('x-1-guard', { imagePullSecrets: [{ name: 'b' }] })],
  ['MCPServer', 'x-1', server('handed')],
  ['APIKey', 'robot', { allowedServers: ['*'], generate: { secretName: 'handed' } }],
  ['APIKey', 'ci', { allowedServers: ['a'], digests: [`sha256:${'0'.repeat(64)}`], expiresAt: '2027-01-01T00:00:00Z' }],
  ['MCPGateway', 'default', { tls: { secretName: 'b' }, hosts: ['h.example'] }],
  ['MCPGateway', 'default', { publicUrl: 'https://mcp.example' }],
  ['GuardrailPolicy', 'all', { servers: ['*'], mistyped: true }],
].map(([kind, name, spec]) => ({
  apiVersion: 'mcp.gateway.io/v1',
  kind,
  metadata: { name, uid: '1', generation: 3 },
  spec,
}))

const gateway = (output: string): object => ({
  apiVersion: 'mcp.gateway.io/v1',
  kind: 'MCPGateway',
  metadata: { name: 'default' },
  spec: { audit: { output } },
})

/** A pod whose guard runs something else than any Deployment asks for. */
const pod = {
  name: 'p',
  uid: 'u',
  ready: true,
  deleting: false,
  containers: [],
  holds: ['gateway', 'server'],
  gateway: { image: '', command: '', args: '', env: '', envFrom: '', volumeMounts: '' },
}

type Live = { readonly template: { readonly metadata: { readonly annotations: Readonly<Record<string, string>> } } }

const pool = fc.array(object, { maxLength: 8 }).map(more => [...telling, ...more])

const observed = fc.record(
  {
    pods: fc.array(
      fc.record({
        name: fc.constant('p'),
        uid: fc.constant('u'),
        ready: fc.boolean(),
        deleting: fc.boolean(),
        containers: fc.constant([]),
      }),
      { maxLength: 1 },
    ),
    conflicts: fc.constantFrom([], [{ kind: 'Service', name: 'mcp-a', owner: 'somebody else' }]),
    foreign: fc.constantFrom([], [{ kind: 'Service', name: 'mcp-a', grave: ['spec.type'], minor: ['spec.x'] }]),
  },
  { requiredKeys: ['pods', 'conflicts'] },
) satisfies fc.Arbitrary<ObservedServer>

const servers = ['a', 'pay', 'weather', 'x-1'] as const
const secretNames = ['a', 'b', 'handed', 'x-1-guard', 'robot-digest'] as const

const fact = fc.record(
  {
    name: fc.constantFrom(...secretNames),
    namespace: fc.constantFrom('default', 'default', 'elsewhere'),
    keys: fc.subarray(['TOKEN', 'tls.crt', 'tls.key']),
    hash: fc.constantFrom('1', '2'),
    owned: fc.constant(true),
  },
  { requiredKeys: ['name', 'namespace', 'keys', 'hash'] },
) satisfies fc.Arbitrary<SecretFact>

/** What a moment looks like: which of the objects there are, and all that is not an object. Places in the pool, since objects keep their identity. */
const moment = fc.record({
  present: fc.subarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
  floor: fc.option(fc.array(fc.nat(15), { maxLength: 3 }), { nil: undefined }),
  secrets: fc.uniqueArray(fact, { selector: ({ name, namespace }) => `${namespace}/${name}`, maxLength: 4 }),
  observed: fc.option(fc.dictionary(fc.constantFrom(...servers), observed), { nil: undefined }),
  drainTokens: fc.dictionary(fc.constantFrom(...servers), fc.constantFrom('t', 'u')),
  generated: fc.subarray([
    { apiKey: 'robot', digest: `sha256:${'1'.repeat(64)}` },
    { apiKey: 'robot', problem: { reason: 'SecretExists', message: 'taken' } },
  ] as const),
  now: fc.constantFrom(Date.UTC(2026, 0, 1), Date.UTC(2028, 0, 1)),
  gatewayImage: fc.constantFrom('example.test/gateway:1', 'example.test/gateway:2'),
  keeps: fc.boolean(),
})
type Moment = typeof moment extends fc.Arbitrary<infer T> ? T : never

const fields = [
  'present',
  'floor',
  'secrets',
  'observed',
  'drainTokens',
  'generated',
  'now',
  'gatewayImage',
  'keeps',
] as const
/** One field after the other turns to what it is in another moment: where everything changes at once, a thing forgotten is not missed. */
const changes = fc.array(fc.tuple(fc.constantFrom(...fields), moment), { minLength: 1, maxLength: 8 })

/** An object comes or goes, and all others stay. */
const toggled = (present: readonly number[], place = 0): number[] =>
  present.includes(place) ? present.filter(one => one !== place) : [...present, place]

function snapshotOf(
  at: Moment,
  objects: readonly object[],
  above: readonly object[],
  kept: readonly LastGood[],
): Snapshot {
  const { present, floor, observed, keeps, ...facts } = at
  const chosen = (places: readonly number[], from: readonly object[]): object[] =>
    [...new Set(places)].flatMap(place => from[place] ?? [])
  return {
    standalone: false,
    namespace: 'default',
    operatorNamespace,
    documents: chosen(present, objects),
    lastGood: keeps ? kept : [],
    ...facts,
    ...(floor && { floor: { documents: chosen(floor, above), lastGood: [] } }),
    ...(observed && { observed }),
  }
}

const inOperatorNamespace = (one: object): object => ({
  ...one,
  metadata: { ...(one as Meta).metadata, namespace: operatorNamespace },
})

const text = (desired: Desired): string => JSON.stringify(desired, undefined, 1)

describe('a plan that remembers', () => {
  test('says the same as one from nothing, whatever happened before', () => {
    fc.assert(
      fc.property(pool, moment, changes, (objects, first, turns) => {
        const memory = new RememberedSteps()
        const above = objects.map(inOperatorNamespace)
        let kept: readonly LastGood[] = []
        let at = first
        for (const [field, other] of [['keeps', first] as const, ...turns]) {
          at =
            field === 'present'
              ? { ...at, present: toggled(at.present, other.present[0]) }
              : { ...at, [field]: other[field] }
          const snapshot = snapshotOf(at, objects, above, kept)
          const desired = translate(snapshot, memory)
          expect(text(desired)).toBe(text(translate(snapshot)))
          kept = desired.lastGood
        }
      }),
      { numRuns: 60 },
    )
  })

  test('sees that an object is one of two, is in another place, or has another last good spec', () => {
    const broken = { ...telling[7], spec: { servers: ['*'], mistyped: true } }
    const good = (server: string): LastGood => ({ kind: 'GuardrailPolicy', name: 'all', spec: { servers: [server] } })
    const base: Snapshot = { standalone: false, namespace: 'default', documents: [], secrets: [], lastGood: [] }
    const steps = new RememberedSteps()
    const [server, first, second] = [telling[0], telling[5], telling[6]]
    const moments: readonly Partial<Snapshot>[] = [
      { documents: [server, broken, first] },
      { documents: [server, broken, first, second] },
      { documents: [server, broken, first], lastGood: [good('a')] },
      { documents: [server, broken, first], lastGood: [good('b')] },
      { documents: [server, broken, first], standalone: true },
      { documents: [server, broken, first], standalone: true, urls: { a: 'http://127.0.0.1:1/mcp' } },
      { documents: [server, broken, first], namespace: 'elsewhere' },
    ]
    const all = moments.map(moment => text(translate({ ...base, ...moment }, steps)))
    expect(all).toEqual(moments.map(moment => text(translate({ ...base, ...moment }))))
    expect(new Set(all).size).toBe(moments.length)
  })

  test('brings the very plan of a server again for which nothing has changed, and another where something has', () => {
    const [a, pay] = telling as [object, object]
    const at = (secrets: readonly SecretFact[]): Snapshot => ({
      standalone: false,
      namespace: 'default',
      documents: [a, pay],
      secrets,
      lastGood: [],
      observed: {},
    })
    const memory = new RememberedSteps()
    const secret: SecretFact = { name: 'a', namespace: 'default', keys: ['TOKEN'], hash: '1' }
    const before = translate(at([secret]), memory).servers
    const same = translate(at([{ ...secret }]), memory).servers
    const after = translate(at([{ ...secret, hash: '2' }]), memory).servers
    expect(same.map((plan, place) => plan === before[place])).toEqual([true, true])
    expect(after.map((plan, place) => plan === before[place])).toEqual([false, true])
  })

  test('expects of pods what the settings of now ask for', () => {
    const steps = new RememberedSteps()
    const at = (output: string, deployment?: object): Snapshot => ({
      standalone: false,
      namespace: 'default',
      documents: [telling[0], gateway(output)],
      secrets: [],
      lastGood: [],
      observed: { a: { pods: [pod], conflicts: [], ...(deployment as Pick<ObservedServer, 'deployment'>) } },
    })
    translate(at('Stdout'), steps)
    const [plan] = translate(at('File'), steps).servers
    const live = plan?.objects.find(({ kind }) => kind === 'Deployment')?.['spec'] as Live
    const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 }
    const shape = live.template.metadata.annotations['mcp.gateway.io/pod-shape']
    const deployment = { generation: 1, observedGeneration: 1, ...counts, shape }
    const [status] = translate(at('File', { deployment }), steps).servers.map(({ status }) => status)
    expect(status?.status.conditions.find(({ type }) => type === 'Programmed')?.reason).toBe('GatewayAltered')
  })

  test('keeps nothing of a snapshot that is over', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const memory = new RememberedSteps()
    const plan = (observed: Snapshot['observed']): WeakRef<Snapshot> => {
      const snapshot: Snapshot = {
        standalone: false,
        namespace: 'default',
        documents: telling.slice(0, 3),
        secrets: [],
        lastGood: [],
        ...(observed && { observed }),
      }
      translate(snapshot, memory)
      return new WeakRef(snapshot)
    }
    const first = plan({ a: { pods: [], conflicts: [] } })
    plan({ pay: { pods: [], conflicts: [] } })
    // What a WeakRef was asked or made for lives until the turn is over.
    await new Promise(resolve => setImmediate(resolve))
    collect()
    expect(first.deref()).toBeUndefined()
  })
})
