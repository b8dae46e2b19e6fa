import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { filesOf, placesOf, recipes } from './document.ts'
import { Tree, type Said } from './tree.ts'

test('there are six recipes, and each takes at most four places', () => {
  expect(Object.fromEntries(recipes.map(recipe => [recipe.title, placesOf(recipe).length]))).toEqual({
    'A detector': 3,
    'A field of a policy': 3,
    'A field of Kubernetes': 4,
    'An authentication provider': 4,
    'A policy stage': 4,
    'An error code': 2,
  })
})

/** Tests about what a recipe adds, beside those that `npm run check` runs. */
const concerned = [
  'hack/fields.test.ts',
  'hack/contract.test.ts',
  'gateway/errors.test.ts',
  'gateway/detectors/cases.test.ts',
  'gateway/policies',
  'gateway/auth',
  'gateway/runtime',
]

/** A busy machine takes longer than the usual bound of a test. Milliseconds. */
const timeout = 600_000

const complaint = ({ passed, text }: Said): string => (passed ? '' : text)

describe('a copy of this repository to which all recipes are applied', () => {
  let tree: Tree
  let generated: Said

  beforeAll(async () => {
    tree = new Tree(recipes)
    generated = await tree.run('hack/generate.ts')
  })

  afterAll(() => tree.remove())

  test('has its generated files written by npm run generate', () => {
    expect(complaint(generated)).toBe('')
    const written = new Set(recipes.flatMap(filesOf))
    expect(tree.changed().filter(file => !written.has(file))).toEqual([
      'config/crd/mcp.gateway.io_guardrailpolicies.yaml',
      'config/crd/mcp.gateway.io_mcpgateways.yaml',
      'config/crd/mcp.gateway.io_mcpservers.yaml',
      'docs/errors.md',
      'docs/fields.md',
      'docs/reference.md',
    ])
  })

  test('passes the whole check', { timeout }, async () => {
    expect(complaint(await tree.run('hack/check.ts'))).toBe('')
  })

  test('passes the tests about what is added', { timeout }, async () => {
    expect(complaint(await tree.run('vitest', 'run', ...concerned))).toBe('')
  })

  /** The chapter of docs/fields.md about a field: what was observed of the gateway when only this field was changed. */
  const observed = (field: string): string =>
    tree.read('docs/fields.md').split(`\n## ${field}\n`)[1]?.split('\n## ')[0] ?? ''

  test.each([
    ['GuardrailPolicy.spec.rules[].detector.markings.levels[]', '[redacted:marking]'],
    ['MCPServer.spec.toolPolicy.maxNameLength', 'audit: deny tools/call ToolNotAllowed'],
    ['MCPServer.spec.nodeSelector.*', 'Deployment.spec.template.spec.nodeSelector.pool: "batch"'],
    ['MCPGateway.spec.trustedProxy.networks[]', 'audit: deny HTTP POST Unauthenticated'],
    ['MCPServer.spec.arguments.maxBytes', 'audit: deny tools/call ArgumentsTooLarge'],
  ])('obeys %s', (field, line) => {
    expect(observed(field)).toContain(line)
  })

  test('changes no golden but those that name all detectors', { timeout }, async () => {
    await tree.run('vitest', 'run', 'operator/translate/translate.test.ts', 'crds', '--update')
    const goldens = tree.changed().filter(file => file.includes('/testdata/'))
    expect(goldens).toEqual([
      'crds/testdata/invalid/two-detectors-in-one-rule.yaml',
      'operator/translate/testdata/what-never-compiled-denies.yaml',
    ])
  })
})
