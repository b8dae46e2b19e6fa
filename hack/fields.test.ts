import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { kinds } from '../crds/index.ts'
import { translate, type Snapshot } from '../operator/translate/index.ts'
import { further, leaves, newProofContext } from './fields/all.ts'
import { withValue } from './fields/change.ts'
import { fieldsDocument } from './fields/document.ts'
import { exchanges } from './fields/exchanges.ts'
import { leavesOf, nameOf } from './fields/leaves.ts'
import { prove, type Proof, type ProofContext } from './fields/prove.ts'
import { key, server, settings, type Sample } from './fields/sample.ts'
import { sampleOf, samples } from './fields/samples/index.ts'

const proofs: Proof[] = []
let context: ProofContext

beforeAll(async () => {
  context = await newProofContext()
})

afterAll(() => context.upstream.stop())

describe('no field is inert', () => {
  test.each(leaves.map(leaf => [nameOf(leaf), leaf] as const))(
    '%s changes something that can be observed',
    async (_, leaf) => {
      const proof = await prove(leaf, sampleOf(leaf), context)
      expect(proof.observed.length).toBeGreaterThan(1)
      proofs.push(proof)
    },
  )

  test.each(further.map(([leaf, sample]) => [nameOf(leaf), leaf, sample] as const))(
    '%s acts on a child process, too',
    async (_, leaf, sample) => {
      const proof = await prove(leaf, sample, context)
      expect(proof.observed.length).toBeGreaterThan(1)
      proofs.push(proof)
    },
  )

  test('and what was seen is what docs/fields.md says', () => {
    const written = readFileSync(join(import.meta.dirname, '../docs/fields.md'), 'utf8')
    expect(proofs.length).toBe(leaves.length + further.length)
    expect(fieldsDocument(proofs), 'docs/fields.md is out of date: npm run generate').toBe(written)
  })

  test('and there is no sample for a field that does not exist', () => {
    const names = new Set(leaves.map(nameOf))
    expect(Object.keys(samples).filter(name => !names.has(name))).toEqual([])
  })
})

/** The same translation for a schema that knows the field `colour` and takes no notice of it. */
const colourBlind: typeof translate = snapshot =>
  translate({
    ...snapshot,
    documents: (snapshot.documents as readonly { spec: Record<string, unknown> }[]).map(document => {
      const { colour: _, ...spec } = document.spec
      return { ...document, spec }
    }),
  } satisfies Snapshot)

describe('a dead field that is added', () => {
  const kind = kinds.MCPServer
  const spec = (kind.spec as z.ZodObject).safeExtend({ colour: z.enum(['red', 'blue']).optional().describe('Dead.') })
  const dead = leavesOf([{ kind: kind.kind, spec }]).find(leaf => leaf.path === 'spec.colour')!

  test('is found by the walk, with its values', () => {
    expect(dead).toEqual({ kind: 'MCPServer', path: 'spec.colour', values: ['red', 'blue'] })
  })

  test('fails without a sample', async () => {
    await expect(prove(dead, sampleOf(dead), context)).rejects.toThrow('MCPServer.spec.colour has no sample')
  })

  test.each<[string, Sample]>([
    ['objects', { documents: [{ ...server({ colour: 'red' }) }], witness: 'objects' }],
    ['status', { documents: [server({ colour: 'red' })], witness: 'status' }],
    ['what the gateway does', { documents: [server({ colour: 'red' }), key(), settings()], witness: exchanges.tools }],
  ])('fails with a sample that looks at %s', async (_, sample) => {
    await expect(prove(dead, sample, { ...context, translate: colourBlind })).rejects.toThrow(
      'MCPServer.spec.colour is dead',
    )
  })
})

describe('a proof', () => {
  const leaf = leaves.find(one => nameOf(one) === 'MCPServer.spec.timeouts.request')!

  test('fails when the field only changes the text of the configuration', async () => {
    const deaf: typeof translate = snapshot => {
      const desired = translate(snapshot)
      return {
        ...desired,
        gateways: desired.gateways.map(files => ({
          ...files,
          gateway: {
            ...files.gateway,
            // What the gateway ignores: the name is for logs alone.
            name: JSON.stringify(files.gateway.servers[0]?.timeouts),
            servers: files.gateway.servers.map(one => {
              const { timeouts: _, ...server } = one
              return server
            }),
          },
        })),
      }
    }
    await expect(prove(leaf, samples[nameOf(leaf)], { ...context, translate: deaf })).rejects.toThrow('is dead')
  })

  test('fails when the difference is chance and not the field', async () => {
    let runs = 0
    const moody: typeof translate = snapshot => {
      const { gateways, ...rest } = translate(snapshot)
      runs += 1
      return {
        ...rest,
        gateways: gateways.map(files => ({
          ...files,
          gateway: { ...files.gateway, allowedNetworks: runs === 1 ? ['127.0.0.0/8'] : [] },
        })),
      }
    }
    await expect(
      prove(leaf, { ...samples[nameOf(leaf)]!, witness: exchanges.call() }, { ...context, translate: moody }),
    ).rejects.toThrow('looks different twice')
  })

  test('fails when the sample does not set the leaf', async () => {
    const sample = { documents: [server(), key(), settings()], values: ['1s', '2s'], witness: exchanges.call() }
    await expect(prove(leaf, sample, context)).rejects.toThrow('does not set it')
  })

  test('changes one leaf and nothing else', () => {
    const labels = { team: 'sky' }
    const policy = { kind: 'GuardrailPolicy', spec: { selector: { matchLabels: labels } } }
    const path = leaves.find(one => one.path === 'spec.selector.matchLabels.*')!
    expect(withValue([policy, { kind: 'MCPServer', metadata: { labels } }], path, 'sea')).toEqual([
      { kind: 'GuardrailPolicy', spec: { selector: { matchLabels: { team: 'sea' } } } },
      { kind: 'MCPServer', metadata: { labels: { team: 'sky' } } },
    ])
  })
})
