import { z } from 'zod'
import type { Kind } from '../../crds/index.ts'

/** One field that holds a value, with the values that its schema itself singles out. */
export type Leaf = {
  readonly kind: string
  /** As `spec.secrets[].envVar`; `*` stands for the keys of a map. */
  readonly path: string
  /** Each value of an enumeration, both booleans, a number at both bounds; undefined where any text will do. */
  readonly values: readonly unknown[] | undefined
}

const bounds = (schema: z.ZodNumber): readonly unknown[] => {
  const { minimum, maximum } = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' })
  return [minimum, maximum]
}

function valuesOf(schema: z.ZodType): readonly unknown[] | undefined {
  if (schema instanceof z.ZodEnum) return schema.options
  if (schema instanceof z.ZodBoolean) return [true, false]
  return schema instanceof z.ZodNumber ? bounds(schema) : undefined
}

/** Every leaf of a schema that stands at a path. */
export function leavesIn(schema: z.ZodType, path: string): Omit<Leaf, 'kind'>[] {
  if (schema instanceof z.ZodOptional) return leavesIn(schema.unwrap() as z.ZodType, path)
  if (schema instanceof z.ZodArray) return leavesIn(schema.element as z.ZodType, `${path}[]`)
  if (schema instanceof z.ZodRecord) return leavesIn(schema.valueType as z.ZodType, `${path}.*`)
  if (!(schema instanceof z.ZodObject)) return [{ path, values: valuesOf(schema) }]
  return Object.entries<z.ZodType>(schema.shape).flatMap(([name, field]) => leavesIn(field, `${path}.${name}`))
}

/** Every leaf of every kind, by walking the schemas: a field that is added is found without being told of. */
export const leavesOf = (kinds: readonly Pick<Kind, 'kind' | 'spec'>[]): Leaf[] =>
  kinds.flatMap(({ kind, spec }) => leavesIn(spec, 'spec').map(leaf => ({ kind, ...leaf })))

/** `MCPServer.spec.secrets[].envVar`: the name under which a leaf has its sample. */
export const nameOf = ({ kind, path }: Leaf): string => `${kind}.${path}`
