/** A JSON schema as it goes into a CRD. */
export type Schema = { readonly [key: string]: unknown }

/** Formats that the API server knows; a pattern beside them would only repeat what they say, in a dialect that is not RE2. */
const formats: ReadonlySet<unknown> = new Set(['uri', 'date-time', 'int32', 'int64'])

const kept = new Set([
  'type',
  'description',
  'enum',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'minimum',
  'maximum',
  'required',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-int-or-string',
])

/** Dropped on purpose: the API server prunes unknown fields itself and refuses these keywords. */
const dropped = new Set(['additionalProperties', 'propertyNames', 'properties', 'items', 'anyOf', '$schema', 'default'])

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null

function refuse(path: string, why: string): never {
  throw new Error(`${path || 'the schema'} ${why}`)
}

function checkBounds(schema: Schema, path: string): void {
  const { type } = schema
  if (type === 'array' && schema['maxItems'] === undefined) refuse(path, 'is a list without maxItems')
  if (type === 'string' && schema['maxLength'] === undefined && schema['enum'] === undefined)
    refuse(path, 'is a string without maxLength')
  if ((type === 'integer' || type === 'number') && schema['minimum'] === undefined)
    refuse(path, 'is a number without minimum')
  if (typeof schema['pattern'] === 'string' && /\(\?[=!<]|\\[1-9]/.test(schema['pattern']))
    refuse(path, 'has a pattern that RE2 does not know')
}

/** Leaves what a structural schema may hold and refuses what the API server would refuse. */
function keywords(schema: Schema, path: string): Record<string, unknown> {
  for (const name of Object.keys(schema)) if (!kept.has(name) && !dropped.has(name)) refuse(path, `uses ${name}`)
  if (schema['anyOf'] && !schema['x-kubernetes-int-or-string']) refuse(path, 'is a union: use oneOf({...}) of the kit')
  if ('default' in schema) refuse(path, "has a default: unset is no opinion, defaults are the translator's")
  const out = Object.fromEntries(Object.entries(schema).filter(([name]) => kept.has(name)))
  if (out['format'] === 'date-time') delete out['pattern']
  if (!formats.has(out['format'])) delete out['format']
  if (out['type'] === 'integer') integer(out)
  return out
}

const isPlain = (bound: unknown): boolean =>
  bound !== undefined && Math.abs(bound as number) !== Number.MAX_SAFE_INTEGER

/** int32 where both bounds fit, int64 otherwise; the bounds of a double are no bounds of an integer. */
function integer(out: Record<string, unknown>): void {
  if (!isPlain(out['minimum'])) delete out['minimum']
  if (!isPlain(out['maximum'])) delete out['maximum']
  out['format'] = typeof out['maximum'] === 'number' && out['maximum'] < 2 ** 31 ? 'int32' : 'int64'
}

/** Values of a map: an object with `additionalProperties` and no properties of its own. */
function mapValues(schema: Schema, path: string): Schema | undefined {
  const values = schema['additionalProperties']
  if (values === undefined || values === false) return undefined
  if (!isSchema(values) || Object.keys(values).length === 0) return refuse(path, 'would take unknown fields')
  if (schema['maxProperties'] === undefined) return refuse(path, 'is a map without maxProperties')
  return structural(values, `${path}.*`)
}

/**
 * Turns the JSON schema that zod makes (target `openapi-3.0`, io `input`) into a structural schema of a CRD.
 * @throws with the path, for whatever the API server would refuse and for whatever has no bound or no description
 */
export function structural(schema: Schema, path = ''): Schema {
  const out = keywords(schema, path)
  checkBounds(out, path)
  const values = mapValues(schema, path)
  if (values) out['additionalProperties'] = values
  if (isSchema(schema['items'])) out['items'] = structural(schema['items'], `${path}[]`)
  if (isSchema(schema['properties'])) {
    const properties = Object.entries(schema['properties'] as Record<string, Schema>)
    for (const [name, property] of properties)
      if (!property['description']) refuse(`${path}.${name}`, 'has no description')
    out['properties'] = Object.fromEntries(
      properties.map(([name, property]) => [name, structural(property, `${path}.${name}`)]),
    )
  }
  return out
}
