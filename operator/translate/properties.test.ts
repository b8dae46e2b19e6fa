import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kinds, type KindName } from '../../crds/index.ts'
import { parseGatewayConfig, parseKeysFile } from '../../gateway/config/index.ts'
import { validDocuments } from './arbitrary.ts'
import { written } from './golden.ts'
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

const snapshots: fc.Arbitrary<Snapshot> = fc.record({
  standalone: fc.boolean(),
  namespace: fc.constant('default'),
  documents,
  secrets: fc.constant([{ name: 'a', namespace: 'default', keys: ['k'], hash: '1' }]),
  lastGood: fc.constant([]),
  urls: fc.constant({ pay: 'http://127.0.0.1:1/mcp' }),
})

const runs = { numRuns: 300 }

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
          expect(['Accepted', 'TransportNotSupported', 'StandaloneOnly', 'ImageNeedsCluster', 'Invalid']).toContain(
            status?.status.conditions[0]?.reason,
          )
          accepted(snapshot)
        }),
        runs,
      )
    },
  )

  test('makes of every namespace, broken objects and all, a configuration that the gateway accepts', () => {
    fc.assert(fc.property(snapshots, accepted), runs)
  })

  test('gives equal bytes for equal snapshots', () => {
    fc.assert(
      fc.property(snapshots, snapshot => {
        expect(written(translate(structuredClone(snapshot)))).toBe(written(translate(snapshot)))
      }),
      runs,
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
      runs,
    )
  })

  test('keeps what it accepted, and comes to the same with it', () => {
    fc.assert(
      fc.property(snapshots, snapshot => {
        const first = translate(snapshot)
        const second = translate({ ...snapshot, lastGood: first.lastGood })
        expect(written(second)).toBe(written(first))
      }),
      runs,
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
