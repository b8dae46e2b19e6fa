import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { z } from 'zod'
import { main } from '../cli/main.ts'
import { kinds } from '../crds/index.ts'
import { detectorOptions } from '../gateway/config/guardrails.ts'
import { fieldsOf } from '../gateway/config/traits.ts'
import { statusesOf, translate } from '../operator/translate/index.ts'
import { combined, isPlain } from '../operator/translate/policy/combine.ts'
import { leaves } from './fields/all.ts'
import { nameOf, type Leaf } from './fields/leaves.ts'
import { snapshotOf } from './fields/prove.ts'
import { configurationLeaves, reachedLeaves } from './fields/reached.ts'
import { sampleOf } from './fields/samples/index.ts'
import { variantsOf } from './fields/variants.ts'
import { world } from './fields/world.ts'
import { withCombinations, withoutRule } from './generate/combinations.ts'

const samples = world(4000)

describe('every leaf of the configuration of a gateway', () => {
  /** What no field of a kind says. */
  const notOfAUser: Readonly<Record<string, string>> = {
    'gateway.schema': 'the number of the contract',
    'gateway.name': 'of the namespace and the object',
    'gateway.servers[].name': 'of the object',
    'keys.schema': 'the number of the contract',
    'keys.keys[].name': 'of the object',
    'keys.keys[].uid': 'given by the API server',
    'keys.keys[].generation': 'counted by the API server',
  }

  const unreached = (translated: typeof translate): string[] => {
    const reached = reachedLeaves(samples, translated)
    return configurationLeaves.filter(path => !reached.has(path) && !Object.hasOwn(notOfAUser, path))
  }

  test('can be set by a field of a kind', () => {
    expect(unreached(translate)).toEqual([])
  })

  test('is set by one, or there is a reason why not', () => {
    const reached = reachedLeaves(samples, translate)
    expect(Object.keys(notOfAUser).filter(path => reached.has(path) || !configurationLeaves.includes(path))).toEqual([])
  })

  test('is named when the translation does not carry it', () => {
    const lossy: typeof translate = snapshot => {
      const desired = translate(snapshot)
      const gateways = desired.gateways.map(files => {
        const servers = files.gateway.servers.map(server => {
          const { idle: _, ...timeouts } = server.timeouts ?? {}
          return { ...server, timeouts }
        })
        return { ...files, gateway: { ...files.gateway, servers } }
      })
      return { ...desired, gateways }
    }
    expect(unreached(lossy)).toEqual(['gateway.servers[].timeouts.idle'])
  })
})

/** Fields of MCPServer that say what is run. They decide nothing about calls; the spec and the objects show them. */
const workload = [
  'image',
  'url',
  'command',
  'args',
  'env',
  'secrets',
  'imagePullSecrets',
  'resources',
  'replicas',
  'transport',
  'port',
  'path',
  'stopped',
]

/** What an APIKey grants is said of a caller, not of a server: the status of no server lists callers. */
const isPolicy = ({ kind, path }: Leaf): boolean =>
  kind !== 'APIKey' && !(kind === 'MCPServer' && workload.includes(/^spec\.(\w+)/.exec(path)?.[1] ?? ''))

const policyLeaves = leaves.filter(isPolicy)

type Shows = (documents: readonly unknown[]) => Promise<string> | string

/** Leaves whose values all look the same. Where a value is refused, nothing is shown that could prove anything. */
async function unshown(some: readonly Leaf[], shows: Shows): Promise<string[]> {
  const found: string[] = []
  for (const leaf of some) {
    const texts = new Set<string>()
    for (const documents of variantsOf(leaf, sampleOf(leaf), samples)) texts.add(await shows(documents))
    texts.delete('')
    if (texts.size < 2) found.push(nameOf(leaf))
  }
  return found
}

const serverStatus = (documents: readonly unknown[], translated: typeof translate) =>
  statusesOf(translated(snapshotOf(documents))).find(({ kind }) => kind === 'MCPServer')?.status

describe('every leaf of a policy', () => {
  const inForce =
    (translated: typeof translate): Shows =>
    documents =>
      JSON.stringify(serverStatus(documents, translated)?.inForce ?? '').replaceAll('""', '')

  test('appears in status.inForce', async () => {
    expect(policyLeaves.length).toBeGreaterThan(30)
    expect(await unshown(policyLeaves, inForce(translate))).toEqual([])
  })

  test('is one, or says what is run', async () => {
    const others = leaves.filter(leaf => leaf.kind === 'MCPServer' && !isPolicy(leaf))
    expect(await unshown(others, inForce(translate))).toEqual(others.map(nameOf))
    const fields = Object.keys(kinds.MCPServer.spec.shape)
    expect(workload.filter(name => !fields.includes(name))).toEqual([])
  })

  test('is named when status.inForce lacks it', async () => {
    const silent: typeof translate = snapshot => {
      const desired = translate(snapshot)
      const servers = desired.servers.map(plan => {
        const { status } = plan.status
        const shown = (status.inForce ?? []).filter(({ field }) => field !== 'limits.maxConnectionsPerIp')
        return { ...plan, status: { ...plan.status, status: { ...status, inForce: shown } } }
      })
      return { ...desired, servers }
    }
    expect(await unshown(policyLeaves, inForce(silent))).toEqual(['MCPGateway.spec.limits.maxConnectionsPerIp'])
  })

  const folder = mkdtempSync(join(tmpdir(), 'contract-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('appears in what "bartizan explain" prints', async () => {
    const file = join(folder, 'manifests.yaml')
    const printed: Shows = async documents => {
      writeFileSync(file, documents.map(document => stringify(document)).join('---\n'))
      let out = ''
      const io = { env: {}, now: () => 0, random: (bytes: number) => Buffer.alloc(bytes), err: () => undefined }
      await main(['explain', 'one', '-f', file], { ...io, out: text => void (out += text) })
      return out
    }
    expect(await unshown(policyLeaves, printed)).toEqual([])
  })
})

describe('the rule by which values of several policies combine', () => {
  test.each(['MCPGateway', 'GuardrailPolicy'] as const)('stands with every field of %s', kind => {
    expect(withoutRule(withCombinations(kinds[kind].spec), kind)).toEqual([])
  })

  test('stands with all options of a detector, which then combine, or with none, and then each stands alone', () => {
    const partly = Object.entries(detectorOptions).filter(
      ([, options]) => new Set(fieldsOf(options).map(({ traits }) => isPlain(traits.combine))).size > 1,
    )
    expect(partly.map(([name]) => name)).toEqual([])
  })

  test('is asked for by name where a field has none', () => {
    const spec = kinds.MCPGateway.spec.safeExtend({ colour: z.enum(['red', 'blue']).optional() })
    expect(withoutRule(withCombinations(spec), 'MCPGateway')).toEqual(['MCPGateway.colour'])
    expect(() => combined(fieldsOf(spec), [])).toThrow('colour does not say how')
  })
})
