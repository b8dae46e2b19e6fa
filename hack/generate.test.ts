import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { kinds } from '../crds/index.ts'
import { oneOf } from '../gateway/config/kit.ts'
import { generatedFiles } from './generate/files.ts'
import { structural, type Schema } from './generate/structural.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const files = generatedFiles()

type Crd = {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly names: {
      readonly kind: string
      readonly shortNames: readonly string[]
      readonly categories: readonly string[]
    }
    readonly scope: string
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[]
  }
}

const crds = readdirSync(join(root, 'config/crd'))
  .filter(file => file.startsWith('mcp.gateway.io_'))
  .map(file => parse(read(`config/crd/${file}`)) as Crd)

/** Every schema in a schema, with its path. */
function nodes(schema: Schema, path: string): (readonly [string, Schema])[] {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)
  const inner = properties.flatMap(([name, property]) => nodes(property, `${path}.${name}`))
  const items = schema['items'] ? nodes(schema['items'] as Schema, `${path}[]`) : []
  const values = schema['additionalProperties'] ? nodes(schema['additionalProperties'] as Schema, `${path}.*`) : []
  return [[path, schema], ...inner, ...items, ...values]
}

const all = crds.flatMap(crd => {
  const schema = crd.spec.versions[0]!.schema.openAPIV3Schema
  const { spec, status } = schema['properties'] as Record<string, Schema>
  return [...nodes(spec!, `${crd.spec.names.kind}.spec`), ...nodes(status!, `${crd.spec.names.kind}.status`)]
})

const offending = (wrong: (schema: Schema) => boolean): string[] =>
  all.filter(([, schema]) => wrong(schema)).map(([path]) => path)

describe('generated files', () => {
  test.each([...files.keys()])('%s is what the schemas give', file => {
    expect(read(file), `${file} is out of date: npm run generate`).toBe(files.get(file))
  })

  test('there is one CRD for each kind and none besides', () => {
    expect(crds.map(crd => crd.spec.names.kind).sort()).toEqual(Object.keys(kinds).sort())
  })
})

describe('the CRDs', () => {
  test('are namespaced, in category mcp, with the short names of the design', () => {
    const names = crds.map(({ spec }) => [spec.names.kind, spec.scope, spec.names.shortNames, spec.names.categories])
    expect(names.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))).toEqual([
      ['APIKey', 'Namespaced', ['mcpkey'], ['mcp']],
      ['GuardrailPolicy', 'Namespaced', ['mcpgp'], ['mcp']],
      ['MCPGateway', 'Namespaced', ['mcpgw'], ['mcp']],
      ['MCPServer', 'Namespaced', ['mcps'], ['mcp']],
    ])
  })

  test('hold no union that a structural schema refuses', () => {
    expect(all.length).toBeGreaterThan(100)
    expect(offending(schema => ['anyOf', 'oneOf', 'allOf', 'not'].some(name => name in schema))).toEqual([])
  })

  test('have a type at every node, but for an amount', () => {
    expect(offending(schema => !schema['type'] && !schema['x-kubernetes-int-or-string'])).toEqual([])
  })

  test('bound every list, map and string', () => {
    expect(offending(schema => schema['type'] === 'array' && !(Number(schema['maxItems']) > 0))).toEqual([])
    expect(offending(schema => 'additionalProperties' in schema && !(Number(schema['maxProperties']) > 0))).toEqual([])
    expect(offending(schema => schema['type'] === 'string' && !schema['maxLength'] && !schema['enum'])).toEqual([])
  })

  test('describe every field', () => {
    const silent = all.flatMap(([path, schema]) =>
      Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)
        .filter(([, property]) => ((property['description'] ?? '') as string).length < 10)
        .map(([name]) => `${path}.${name}`),
    )
    expect(silent).toEqual([])
  })

  test('have no defaults, since unset is no opinion; but what has no number of replicas could not be scaled', () => {
    expect(offending(schema => 'default' in schema)).toEqual(['MCPServer.spec.replicas'])
  })

  test('keep unknown fields out', () => {
    expect(offending(schema => 'x-kubernetes-preserve-unknown-fields' in schema)).toEqual([])
  })

  test('say why a rule refuses', () => {
    const rules = all.flatMap(([, schema]) => (schema['x-kubernetes-validations'] ?? []) as { message?: string }[])
    expect(rules.length).toBeGreaterThan(10)
    expect(rules.filter(rule => (rule.message ?? '').length < 10)).toEqual([])
  })
})

describe('the structural pass', () => {
  const of = (schema: z.ZodType): unknown =>
    structural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline' }))
  const described = z.string().max(9).describe('A field of the test.')

  test.each<[string, z.ZodType, RegExp]>([
    ['a union', z.union([z.strictObject({ a: described }), z.strictObject({ b: described })]), /union/],
    [
      'a list without bound',
      z.strictObject({ a: z.array(described).describe('A list.') }),
      /\.a is a list without maxItems/,
    ],
    [
      'a string without bound',
      z.strictObject({ a: z.string().describe('A string.') }),
      /\.a is a string without maxLength/,
    ],
    [
      'a number without bound',
      z.strictObject({ a: z.number().describe('A number.') }),
      /\.a is a number without minimum/,
    ],
    ['a field without description', z.strictObject({ a: z.string().max(9) }), /\.a has no description/],
    ['a map without bound', z.record(z.string(), described), /map without maxProperties/],
    ['a loose object', z.looseObject({ a: described }), /unknown fields/],
    ['a look-ahead', z.strictObject({ a: described.regex(/(?=x)x/) }), /RE2/],
    ['a default', z.strictObject({ a: described.default('x') }), /default/],
    ['a tuple', z.tuple([described, described]), /union|prefixItems|uses|type/],
  ])('refuses %s', (_, schema, message) => {
    expect(() => of(schema)).toThrow(message)
  })

  test('turns exactly-one-of into optional members and a rule', () => {
    const schema = of(oneOf({ left: described, right: described })) as Schema
    expect(Object.keys(schema['properties'] as object)).toEqual(['left', 'right'])
    expect(schema['required']).toBeUndefined()
    expect(schema['x-kubernetes-validations']).toEqual([
      {
        rule: '[has(self.left),has(self.right)].filter(x,x==true).size() == 1',
        message: 'set exactly one of left, right',
      },
    ])
  })
})
