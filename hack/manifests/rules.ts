import { places, schemaOf, type Definition } from './schema.ts'

/** A CEL rule of a kind, and where it holds. */
export type Rule = { readonly kind: string; readonly path: string; readonly message: string }

/** Every CEL rule of a kind. */
export const rulesOf = (definition: Definition): Rule[] =>
  places(schemaOf(definition)).flatMap(({ path, schema }) =>
    (schema['x-kubernetes-validations'] ?? []).map(({ message }) => ({
      kind: definition.spec.names.kind,
      path,
      message,
    })),
  )

/** The path of a rule without the positions in lists: as an API server names the field that broke it, `<nil>` for the object itself. */
export const fieldOf = (cause: string): string => (cause === '<nil>' ? '' : cause.replaceAll(/\[[^[\]]*\]/g, '[]'))

/** Whether a document has something at a path, so that the rule there is evaluated for it. */
export function reaches(value: unknown, path: string): boolean {
  if (value === undefined) return false
  if (path === '') return true
  if (path.startsWith('[]'))
    return Array.isArray(value) && value.some(item => reaches(item, path.slice(2).replace(/^\./, '')))
  if (typeof value !== 'object' || value === null) return false
  const [name = ''] = /^[^.[]+/.exec(path) ?? []
  const rest = path.slice(name.length).replace(/^\./, '')
  const values = name === '*' ? Object.values(value) : [(value as Record<string, unknown>)[name]]
  return values.some(one => reaches(one, rest))
}
