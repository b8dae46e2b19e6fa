import * as fc from 'fast-check'
import { z } from 'zod'
import { kinds, type KindName } from '../../../crds/index.ts'
import { pattern as regexOf } from '../../../gateway/config/pattern.ts'

type Bounds = {
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
}

const boundsOf = (schema: z.ZodType): Bounds =>
  z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline' })

const durations = fc
  .tuple(fc.integer({ min: 1, max: 900 }), fc.constantFrom('s', 'm'))
  .map(([n, unit]) => `${n}${unit}`)
const urls = fc
  .tuple(fc.constantFrom('http', 'https'), fc.domain(), fc.constantFrom('', '/mcp', '/a/b'))
  .map(([scheme, host, path]) => `${scheme}://${host}${path}`)

function texts(schema: z.ZodType): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = 64, pattern } = boundsOf(schema)
  if (pattern === undefined) return fc.string({ minLength, maxLength: Math.min(maxLength, 24), unit: 'grapheme' })
  return pattern.includes('(ms|s|m|h)') ? durations : fc.stringMatching(regexOf(pattern, 'u'))
}

const times = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map(date => date.toISOString())

/** Values that a schema takes. Each level keeps its own rules, so that few tries are wasted. */
const values = (schema: z.ZodType): fc.Arbitrary<unknown> =>
  drafts(schema).filter(value => schema.safeParse(value).success)

const numbers = (schema: z.ZodNumber): fc.Arbitrary<number> => {
  const { minimum = 0, maximum = 1e6 } = boundsOf(schema)
  return fc.integer({ min: minimum, max: Math.min(maximum, 1e9) })
}

const lists = (schema: z.ZodArray): fc.Arbitrary<unknown> => {
  const { minItems = 0, maxItems = 3 } = boundsOf(schema)
  return fc.array(values(schema.element as z.ZodType), { minLength: minItems, maxLength: Math.min(maxItems, 3) })
}

const leaves = (schema: z.ZodType): fc.Arbitrary<unknown> | undefined => {
  if (schema instanceof z.ZodURL) return urls
  if (schema instanceof z.ZodISODateTime) return times
  if (schema instanceof z.ZodString) return texts(schema)
  if (schema instanceof z.ZodBoolean) return fc.boolean()
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options)
  return schema instanceof z.ZodNumber ? numbers(schema) : undefined
}

/** Values of a schema of ours, rules left aside: only what the schemas use is known, anything else throws. */
function drafts(schema: z.ZodType): fc.Arbitrary<unknown> {
  if (schema instanceof z.ZodOptional) return values(schema.unwrap() as z.ZodType)
  if (schema instanceof z.ZodArray) return lists(schema)
  if (schema instanceof z.ZodRecord)
    return fc.dictionary(fc.constantFrom('team', 'tier'), values(schema.valueType as z.ZodType) as fc.Arbitrary<string>)
  if (schema instanceof z.ZodUnion) return fc.oneof(...(schema.options as z.ZodType[]).map(values))
  if (schema instanceof z.ZodObject) return fields(schema)
  const leaf = leaves(schema)
  if (!leaf) throw new Error(`no values are known for ${schema._zod.def.type}`)
  return leaf
}

function fields(schema: z.ZodObject): fc.Arbitrary<unknown> {
  const shape = Object.entries<z.ZodType>(schema.shape)
  const required = shape.filter(([, field]) => !(field instanceof z.ZodOptional)).map(([name]) => name)
  return fc.record(Object.fromEntries(shape.map(([name, field]) => [name, values(field)])), { requiredKeys: required })
}

/** Leaves out fields until the rules hold: a server is an image, a url or a command, never all of them. */
function lawful(spec: unknown, omit: readonly string[]): unknown {
  return Object.fromEntries(Object.entries(spec as object).filter(([name]) => !omit.includes(name)))
}

const sources: readonly (readonly string[])[] = [
  ['url'],
  ['image', 'command', 'args', 'env', 'secrets', 'resources', 'port', 'path', 'transport', 'imagePullSecrets'],
  ['image', 'url', 'resources', 'port', 'path', 'secrets', 'healthCheck', 'transport', 'imagePullSecrets'],
]

/** Specs of a kind that the schema takes, rules included. */
export function validSpecs(kind: KindName): fc.Arbitrary<unknown> {
  const schema = kinds[kind].spec as z.ZodObject
  const specs = fc.tuple(fields(schema), fc.constantFrom(...sources))
  return specs
    .map(([spec, omit]) => (kind === 'MCPServer' ? lawful(spec, omit) : spec))
    .filter(spec => schema.safeParse(spec).success)
}

const names: Readonly<Record<KindName, fc.Arbitrary<string>>> = {
  MCPServer: fc.constantFrom('a', 'pay', 'weather', 'x-1'),
  GuardrailPolicy: fc.constantFrom('all', 'strict', 'lab'),
  APIKey: fc.constantFrom('robot', 'person', 'ci'),
  MCPGateway: fc.constant('default'),
}

/** Valid objects of a kind. */
export const validDocuments = (kind: KindName): fc.Arbitrary<unknown> =>
  fc.record({
    apiVersion: fc.constant('mcp.gateway.io/v1'),
    kind: fc.constant(kind),
    metadata: fc.record({
      name: names[kind],
      generation: fc.integer({ min: 1, max: 9 }),
      labels: fc.dictionary(fc.constantFrom('team', 'tier'), fc.constantFrom('', 'gold', 'sky')),
    }),
    spec: validSpecs(kind),
  })
