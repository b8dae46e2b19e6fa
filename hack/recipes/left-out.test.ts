import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { filesOf, recipes } from './document.ts'
import { Tree, type Said } from './tree.ts'

type Check = (tree: Tree) => Promise<Said>

/** All of the tree; what has not changed since the last time is not looked at again. */
const compiler: Check = tree =>
  tree.run('tsc', '--pretty', 'false', '--incremental', '--tsBuildInfoFile', 'out/left-out.tsbuildinfo')

const testOf =
  (file: string, name: string): Check =>
  tree =>
    tree.run('vitest', 'run', file, '--testNamePattern', name.replaceAll(/[.*+?[\]]/g, '\\$&'))

/** The test of inert fields, for one field. */
const inert = (field: string): Check => testOf('hack/fields.test.ts', field)

const levels = 'GuardrailPolicy.spec.rules[].detector.markings.levels[]'
const maxNameLength = 'MCPServer.spec.toolPolicy.maxNameLength'
const nodeSelector = 'MCPServer.spec.nodeSelector.*'
const userHeader = 'MCPGateway.spec.trustedProxy.userHeader'
const maxBytes = 'MCPServer.spec.arguments.maxBytes'

/** For every file of every recipe: what notices first that it was left out, and what that says. */
const table: readonly (readonly [recipe: string, file: string, check: Check, message: string])[] = [
  ['A detector', 'gateway/config/guardrails.ts', compiler, "'markings' does not exist in type"],
  ['A detector', 'gateway/detectors/markings.ts', compiler, "Cannot find module './markings.ts'"],
  ['A detector', 'gateway/detectors/markings.cases.yaml', inert(levels), `${levels} has no sample`],
  ['A detector', 'gateway/detectors/index.ts', compiler, "Property 'markings' is missing"],
  ['A field of a policy', 'gateway/config/tools.ts', compiler, "Property 'maxNameLength' does not exist"],
  ['A field of a policy', 'gateway/policies/tools.ts', inert(maxNameLength), `${maxNameLength} is dead`],
  ['A field of a policy', 'hack/fields/samples/mcp-server.ts', inert(maxNameLength), `${maxNameLength} has no sample`],
  ['A field of Kubernetes', 'crds/mcp-server.ts', compiler, "Property 'nodeSelector' does not exist"],
  [
    'A field of Kubernetes',
    'operator/translate/objects/pod-template.ts',
    inert(nodeSelector),
    `${nodeSelector} is dead`,
  ],
  ['A field of Kubernetes', 'hack/fields/samples/mcp-server.ts', inert(nodeSelector), `${nodeSelector} has no sample`],
  [
    'A field of Kubernetes',
    'hack/contract.test.ts',
    testOf('hack/contract.test.ts', 'appears in status.inForce'),
    'belongs to `workload`',
  ],
  ['An authentication provider', 'gateway/config/gateway.ts', compiler, "Property 'trustedProxy' does not exist"],
  [
    'An authentication provider',
    'gateway/auth/trusted-proxy.ts',
    compiler,
    "Cannot find module '../auth/trusted-proxy.ts'",
  ],
  ['An authentication provider', 'gateway/runtime/providers.ts', inert(userHeader), `${userHeader} is dead`],
  [
    'An authentication provider',
    'hack/fields/samples/mcp-gateway.ts',
    inert(userHeader),
    `${userHeader} has no sample`,
  ],
  ['A policy stage', 'gateway/config/servers.ts', compiler, "Property 'arguments' does not exist"],
  ['A policy stage', 'gateway/policies/argument-size.ts', compiler, "Cannot find module './argument-size.ts'"],
  ['A policy stage', 'gateway/policies/index.ts', inert(maxBytes), `${maxBytes} is dead`],
  ['A policy stage', 'hack/fields/samples/mcp-server.ts', inert(maxBytes), `${maxBytes} has no sample`],
  ['An error code', 'gateway/errors.ts', compiler, `'"ArgumentsTooLarge"' is not assignable`],
  [
    'An error code',
    'gateway/policies/argument-size.ts',
    testOf('gateway/errors.test.ts', 'every error code is answered with'),
    'ArgumentsTooLarge',
  ],
]

/** A busy machine takes longer than the usual bound of a test. Milliseconds. */
const timeout = 300_000

describe('all recipes but one place of one', { timeout }, () => {
  let tree: Tree

  beforeAll(() => {
    tree = new Tree(recipes)
  })

  afterAll(() => tree.remove())

  test('are tried for every place', () => {
    expect(table.map(([title, file]) => [title, file])).toEqual(
      recipes.flatMap(recipe => filesOf(recipe).map(file => [recipe.title, file])),
    )
  })

  test.each(table)('%s without %s is noticed', async (title, file, check, message) => {
    const recipe = recipes.find(one => one.title === title)!
    const { passed, text } = await tree.without({ recipe, file }, () => check(tree))
    expect(text).toContain(message)
    expect(passed).toBe(false)
  })

  test('do not do without npm run generate, and every file that is out of date is named', async () => {
    const { passed, text } = await tree.run('hack/generate.ts', '--check')
    expect(passed).toBe(false)
    for (const file of [
      'config/crd/mcp.gateway.io_guardrailpolicies.yaml',
      'config/crd/mcp.gateway.io_mcpgateways.yaml',
      'config/crd/mcp.gateway.io_mcpservers.yaml',
      'docs/errors.md',
      'docs/fields.md',
      'docs/reference.md',
    ])
      expect(text).toContain(`${file} is out of date: npm run generate`)
  })
})
