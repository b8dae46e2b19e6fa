/** A structural schema as it stands in a CustomResourceDefinition; only what is looked at. */
export type Schema = {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[]
}

export type Definition = {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly names: { readonly kind: string; readonly plural: string }
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[]
  }
}

export type Place = { readonly path: string; readonly schema: Schema }

const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** Every schema within a schema with its path: `spec.env[].name`, `spec.selector.matchLabels.*`, and '' for the root. */
export function places(schema: Schema, path = ''): Place[] {
  const { properties, items, additionalProperties: values } = schema
  return [
    { path, schema },
    ...Object.entries(properties ?? {}).flatMap(([name, one]) => places(one, below(path, name))),
    ...(items === undefined ? [] : places(items, `${path}[]`)),
    ...(typeof values === 'object' ? places(values, below(path, '*')) : []),
  ]
}

export const schemaOf = (definition: Definition): Schema => definition.spec.versions[0]!.schema.openAPIV3Schema
