import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kinds, type KindName } from '../../crds/index.ts'
import { parseGatewayConfig, parseKeysFile } from '../../gateway/config/index.ts'
import { validDocuments } from './testing/arbitrary.ts'
import { written } from './testing/golden.ts'
import { statusesOf, translate, type Snapshot } from './index.ts'

const kindNames = Object.keys(kinds) as KindName[]

/** Objects of all kinds, some of them with one field broken, as an editor leaves them. */
const documents = fc.array(
  fc.tuple(fc.oneof(...kindNames.map(validDocuments)), fc.integer({ min: 0, max: 9 })).map(([document, slip]) => {
    const { spec, ...rest } = document as { spec: object }
    return slip === 0 ? { ...rest, spec: { ...spec, mistyped: true } } : document
  }),
  { maxLength: 8 },
)

const inNamespace = (document: object, namespace: string): object => ({
  ...document,
  metadata: { ...(document as { metadata: object }).metadata, namespace },
})

/** Servers and kubelets may say anything, at any length. */
const word = fc.oneof(fc.string(), fc.constantFrom('Ω'.repeat(600), '\ud800'))
const container = fc.record(
  {
    name: fc.constantFrom('server', 'gateway'),
    ready: fc.boolean(),
    restarts: fc.nat(9),
    waiting: fc.record({
      reason: fc.constantFrom('ErrImagePull', 'CrashLoopBackOff', 'ContainerCreating', ''),
      message: word,
    }),
    terminated: fc.record({ reason: fc.constantFrom('Error', 'OOMKilled'), exitCode: fc.nat(255), message: word }),
  },
  { requiredKeys: ['name', 'ready', 'restarts'] },
)
const report = fc.oneof(
  fc.record({ hash: word, schema: fc.nat(2), ok: fc.boolean(), issues: fc.array(word, { maxLength: 3 }) }),
  fc.record({ error: word }),
)
const pod = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    uid: word,
    ready: fc.boolean(),
    deleting: fc.boolean(),
    scheduled: word,
    containers: fc.array(container, { maxLength: 2 }),
    report,
  },
  { requiredKeys: ['name', 'uid', 'ready', 'deleting', 'containers'] },
)
const handshake = fc.oneof(
  fc.record({
    ok: fc.constant(true as const),
    hash: word,
    tools: fc.array(word, { maxLength: 70 }),
    inventory: word,
    revision: word,
  }),
  fc.record({ ok: fc.constant(false as const), reason: word, message: word }),
)
const count = fc.nat(3)
const deployment = fc.record({
  generation: count,
  observedGeneration: count,
  replicas: count,
  updatedReplicas: count,
  readyReplicas: count,
  availableReplicas: count,
})
/** Whatever a cluster may say of a server, coherent or not. */
const paths = fc.array(word, { maxLength: 32 })
const foreign = fc.record({
  kind: fc.constantFrom('Deployment', 'Service', 'ConfigMap'),
  name: word,
  grave: paths,
  minor: paths,
})
const observedServer = fc.record(
  {
    deployment,
    pods: fc.array(pod, { maxLength: 25 }),
    handshake,
    conflicts: fc.constant([]),
    foreign: fc.array(foreign, { maxLength: 5 }),
  },
  { requiredKeys: ['pods', 'conflicts'] },
)

const snapshots: fc.Arbitrary<Snapshot> = fc.record({
  standalone: fc.boolean(),
  namespace: fc.constant('default'),
  documents,
  secrets: fc.constant([{ name: 'a', namespace: 'default', keys: ['k'], hash: '1' }]),
  lastGood: fc.constant([]),
  urls: fc.constant({ pay: 'http://127.0.0.1:1/mcp' }),
  operatorNamespace: fc.constant('bartizan-system'),
  floor: fc.record({ documents, lastGood: fc.constant([]) }).map(floor => ({
    ...floor,
    documents: floor.documents.map(one => inNamespace(one as object, 'bartizan-system')),
  })),
  observed: fc.record({ a: observedServer, pay: observedServer, weather: observedServer }),
})

const runs = { numRuns: 300 }
/** Whole namespaces under a floor, with all that a cluster says of them: each run is many. */
const fewer = { numRuns: 80 }

const time = { lastTransitionTime: '2027-01-31T00:00:00Z' }

function accepted(snapshot: Snapshot): void {
  for (const { kind, status } of statusesOf(translate(snapshot))) {
    const timed = { ...status, conditions: status.conditions.map(one => ({ ...one, ...time })) }
    expect(kinds[kind].status.safeParse(timed)).toMatchObject({ success: true })
  }
  for (const { gateway, keys } of translate(snapshot).gateways) {
    expect(parseGatewayConfig(JSON.stringify(gateway))).toHaveProperty('value')
    expect(parseKeysFile(JSON.stringify(keys))).toHaveProperty('value')
  }
}

describe('translate', () => {
  test.each(kindNames)(
    'makes of every valid %s a configuration that the gateway accepts, and statuses that fit',
    kind => {
      const one = fc.tuple(validDocuments(kind), fc.boolean())
      fc.assert(
        fc.property(one, ([document, standalone]) => {
          const other = {
            apiVersion: 'mcp.gateway.io/v1',
            kind: 'MCPServer',
            metadata: { name: 'other' },
            spec: { url: 'http://other.svc/mcp' },
          }
          const snapshot = { standalone, namespace: 'default', documents: [document, other], secrets: [], lastGood: [] }
          const status = statusesOf(translate(snapshot)).find(one => one.kind === kind && one.name !== 'other')
          expect([
            'Accepted',
            'TransportNotSupported',
            'StandaloneOnly',
            'ImageNeedsCluster',
            'GenerateNeedsCluster',
            'Invalid',
          ]).toContain(status?.status.conditions[0]?.reason)
          accepted(snapshot)
        }),
        runs,
      )
    },
  )

  test('makes of every namespace, broken objects and all, a configuration that the gateway accepts', () => {
    fc.assert(fc.property(snapshots, accepted), fewer)
  })

  test('gives equal bytes for equal snapshots', () => {
    fc.assert(
      fc.property(snapshots, snapshot => {
        expect(written(translate(structuredClone(snapshot)))).toBe(written(translate(snapshot)))
      }),
      fewer,
    )
  })

  test('never says that a server is ready while any other condition but ToolsApproved is not true', () => {
    fc.assert(
      fc.property(snapshots, snapshot => {
        for (const { status } of translate(snapshot).servers.map(plan => plan.status)) {
          const ready = status.conditions.find(one => one.type === 'Ready')
          if (ready?.status !== 'True') continue
          const others = status.conditions.filter(one => !['Ready', 'ToolsApproved'].includes(one.type))
          expect(others.map(one => one.status)).toEqual(['True', 'True', 'True', 'True'])
        }
      }),
      fewer,
    )
  })

  test('does not care for the order of the documents', () => {
    const shuffled = snapshots.chain(snapshot =>
      fc.tuple(
        fc.constant(snapshot),
        fc.shuffledSubarray([...snapshot.documents], { minLength: snapshot.documents.length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([snapshot, other]) => {
        expect(written(translate({ ...snapshot, documents: other }))).toBe(written(translate(snapshot)))
      }),
      fewer,
    )
  })

  test('keeps what it accepted, and comes to the same with it', () => {
    fc.assert(
      fc.property(snapshots, snapshot => {
        const first = translate(snapshot)
        const second = translate({ ...snapshot, lastGood: first.lastGood })
        expect(written(second)).toBe(written(first))
      }),
      fewer,
    )
  })

  test('a policy more never lets more through: rules, patterns and refusals only grow', () => {
    const server = {
      apiVersion: 'mcp.gateway.io/v1',
      kind: 'MCPServer',
      metadata: { name: 'pay' },
      spec: { url: 'http://pay.svc/mcp' },
    }
    const strength = (documents: readonly unknown[]) => {
      const snapshot = { standalone: true, namespace: 'default', documents, secrets: [], lastGood: [] }
      return translate(snapshot).gateways[0]!.gateway.servers[0]!
    }
    const policies = fc.uniqueArray(validDocuments('GuardrailPolicy'), {
      selector: document => (document as { metadata: { name: string } }).metadata.name,
      minLength: 2,
    })
    fc.assert(
      fc.property(policies, ([one, ...others]) => {
        const [few, all] = [strength([server, ...others]), strength([server, one, ...others])]
        const enforced = (rules: typeof few.guardrails.rules): Set<string> =>
          new Set(
            rules.flatMap(({ detector, channels, mode }) =>
              mode === 'Audit'
                ? []
                : channels.flatMap(channel =>
                    (detector.keywords?.words ?? ['']).map(word =>
                      JSON.stringify([channel, word.normalize('NFKC').toLowerCase()]),
                    ),
                  ),
            ),
          )
        const after = enforced(all.guardrails.rules)
        expect([...enforced(few.guardrails.rules)].filter(key => !after.has(key))).toEqual([])
      }),
      runs,
    )
  })
})
