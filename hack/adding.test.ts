import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const contributing = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')

/** One place of an addition: a new file, or lines that go into an existing one. */
type Place = { readonly file: string; readonly kind: 'ts' | 'yaml' | 'diff'; readonly text: string }

/** The blocks of a section of CONTRIBUTING.md that carry a file name. */
function placesOf(section: string): Place[] {
  const from = contributing.indexOf(`### ${section}\n`)
  const body = contributing.slice(from, contributing.indexOf('\n### ', from))
  return [...body.matchAll(/^```(ts|yaml|diff) file=(\S+)\n([\s\S]*?)^```$/gm)].map(match => ({
    kind: match[1] as Place['kind'],
    file: match[2]!,
    text: match[3]!,
  }))
}

/** Context lines begin with a space, new ones with a plus; the context must be there, once. */
function inserted(source: string, diff: string): string {
  const lines = diff.trimEnd().split('\n')
  const context = lines.filter(line => line.startsWith(' ')).map(line => line.slice(1))
  const found = source.split(`${context.join('\n')}\n`).length - 1
  if (found !== 1) throw new Error(`the context occurs ${found} times:\n${context.join('\n')}`)
  return source.replace(`${context.join('\n')}\n`, () => `${lines.map(line => line.slice(1)).join('\n')}\n`)
}

let copies = ''
beforeAll(() => {
  copies = mkdtempSync(join(tmpdir(), 'adding-'))
  symlinkSync(join(root, 'node_modules'), join(copies, 'node_modules'))
})
afterAll(() => rmSync(copies, { recursive: true }))

const parts = [
  'gateway',
  'crds',
  'operator',
  'mcp-client',
  'hack/fields',
  'hack/testing',
  'hack/flags.ts',
  'hack/minted.ts',
  'e2e/wire',
]

/** A copy of the sources with the given places applied. */
function copyWith(name: string, places: readonly Place[]): string {
  const copy = join(copies, name)
  for (const part of [...parts, 'package.json']) {
    cpSync(join(root, part), join(copy, part), {
      recursive: true,
      filter: source => !/\.test\.ts$|\/(?:testdata|fuzz)$/.test(source),
    })
  }
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify({ extends: join(root, 'tsconfig.json'), include: parts }))
  for (const { kind, file, text } of places) {
    const path = join(copy, file)
    writeFileSync(path, kind === 'diff' ? inserted(readFileSync(path, 'utf8'), text) : text)
  }
  return copy
}

/** What the compiler says of a copy; empty when it is content. */
const compiled = (copy: string): string =>
  spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['--noEmit', '--pretty', 'false'], {
    cwd: copy,
    encoding: 'utf8',
  }).stdout

/** Runs a module in the copy and gives back the JSON that it prints. */
function printed(copy: string, source: string): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    cwd: copy,
    encoding: 'utf8',
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

/** What the test of inert fields says of one field in a copy: how many values came out different, or what is wrong. */
const proved = (copy: string, field: string): unknown =>
  printed(
    copy,
    `import { leaves, newProofContext } from './hack/fields/all.ts'
     import { nameOf } from './hack/fields/leaves.ts'
     import { prove } from './hack/fields/prove.ts'
     import { detectorSample } from './hack/fields/samples/detectors.ts'
     import { samples } from './hack/fields/samples/index.ts'
     const leaf = leaves.find(leaf => nameOf(leaf) === ${JSON.stringify(field)})
     const sample = samples[nameOf(leaf)] ?? detectorSample(leaf)
     const told = prove(leaf, sample, await newProofContext()).then(proof => proof.observed.length, error => error.message)
     console.log(JSON.stringify(await told))
     process.exit()`,
  )

/** The files of an addition; the cases of a detector stand beside it and count with it. */
const fileOf = (places: readonly Place[]): string[] => [
  ...new Set(places.map(place => place.file).filter(file => !file.endsWith('.cases.yaml'))),
]

describe('a detector added as CONTRIBUTING says', () => {
  const places = placesOf('A detector')

  test('takes three places, compiles, and what a policy asks of it reaches the gateway and blocks', () => {
    expect(fileOf(places)).toHaveLength(3)
    const copy = copyWith('detector', places)
    expect(compiled(copy)).toBe('')
    const verdicts = printed(
      copy,
      `import { translate } from './operator/translate/index.ts'
       import { parseGatewayConfig } from './gateway/config/index.ts'
       import { guardrails } from './gateway/policies/guardrails/index.ts'
       const apiVersion = 'mcp.gateway.io/v1'
       const rule = { detector: { markings: { levels: ['RED'] } }, channels: ['Result'], action: 'Block', mode: 'Enforce' }
       const documents = [
         { apiVersion, kind: 'MCPServer', metadata: { name: 'files' }, spec: { url: 'http://10.1.2.3/mcp' } },
         { apiVersion, kind: 'GuardrailPolicy', metadata: { name: 'tlp' }, spec: { servers: ['*'], rules: [rule] } },
       ]
       const desired = translate({ standalone: true, namespace: 'default', documents, secrets: [], lastGood: [] })
       const [server] = parseGatewayConfig(JSON.stringify(desired.gateways[0].gateway)).value.servers
       const stage = guardrails(server.guardrails)
       const answer = text => {
         const result = { content: [{ type: 'text', text }] }
         const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result }))
         return { bytes, shape: 'response', id: '1', result, plain: true }
       }
       const verdict = text => stage.response({}, answer(text)).deny?.code ?? 'passed'
       console.log(JSON.stringify([verdict('see tlp:red'), verdict('see TLP:GREEN')]))`,
    )
    expect(verdicts).toEqual(['GuardrailBlocked', 'passed'])
  })

  test('shows by its own cases that its options are alive', () => {
    const copy = copyWith('detector-options', places)
    expect(proved(copy, 'GuardrailPolicy.spec.rules[].detector.markings.levels[]')).toBe(4)
  })

  test.each([
    ['gateway/config/guardrails.ts', "'markings' does not exist in type"],
    ['gateway/detectors/markings.ts', "Cannot find module './markings.ts'"],
    ['gateway/detectors/index.ts', "Property 'markings' is missing"],
  ])('does not compile without %s, and the compiler names what is missing', (file, complaint) => {
    const others = places.filter(place => place.file !== file)
    expect(compiled(copyWith(`detector-without-${file.replaceAll('/', '-')}`, others))).toContain(complaint)
  })
})

describe('a field added as CONTRIBUTING says', () => {
  const places = placesOf('A field of a policy')

  test('takes three places, compiles, and acts when a server sets it', () => {
    expect(fileOf(places)).toHaveLength(3)
    const copy = copyWith('field', places)
    expect(compiled(copy)).toBe('')
    const judged = printed(
      copy,
      `import { translate } from './operator/translate/index.ts'
       import { parseGatewayConfig } from './gateway/config/index.ts'
       import { serverToolJudge } from './gateway/policies/tools.ts'
       const spec = { url: 'http://10.1.2.3/mcp', toolPolicy: { mode: 'denylist', maxNameLength: 5 } }
       const documents = [{ apiVersion: 'mcp.gateway.io/v1', kind: 'MCPServer', metadata: { name: 'files' }, spec }]
       const desired = translate({ standalone: true, namespace: 'default', documents, secrets: [], lastGood: [] })
       const [server] = parseGatewayConfig(JSON.stringify(desired.gateways[0].gateway)).value.servers
       const judge = serverToolJudge(server.tools)
       console.log(JSON.stringify([judge('short') ?? 'allowed', judge('longer')]))`,
    )
    expect(judged).toEqual(['allowed', 'ToolNotAllowed'])
  })

  const field = 'MCPServer.spec.toolPolicy.maxNameLength'
  const without = (file: string): string =>
    copyWith(
      `field-without-${file.replaceAll('/', '-')}`,
      places.filter(place => place.file !== file),
    )

  test('is found alive by the test of inert fields', () => {
    expect(proved(copyWith('field-alive', places), field)).toBe(2)
  })

  test('does not compile when it is used without being declared, and the compiler names it', () => {
    expect(compiled(without('gateway/config/tools.ts'))).toContain("Property 'maxNameLength' does not exist")
  })

  test('is called dead by name when nothing uses it', () => {
    expect(proved(without('gateway/policies/tools.ts'), field)).toContain(`${field} is dead`)
  })

  test('is asked for by name when its sample is missing', () => {
    expect(proved(without('hack/fields/samples/mcp-server.ts'), field)).toContain(`${field} has no sample`)
  })
})
