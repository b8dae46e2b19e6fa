import { z } from 'zod'
import { traits, type Combination } from '../../gateway/config/traits.ts'
import type { Schema } from './structural.ts'

/** What the reference says of each rule. Where only one object sets a field, its value holds. */
export const combinations: Readonly<Record<Combination, string>> = {
  own: "the value of the namespace; where it sets none, that of the operator's namespace",
  floor: "the value of the operator's namespace; where it sets none, that of the namespace",
  union: 'all items of all lists',
  stricter: 'the stricter value',
  wider: 'the value that finds more',
  smaller: 'the smaller value',
  within: "of what the namespace lists, the part that lies in what the operator's namespace lists",
  intersection: 'what lies in both lists',
  exceptions: 'only what all of them except',
  approval: "all approvals; what the operator's namespace calls dangerous, only a policy of that namespace approves",
  beside: 'equal ones become one, all others hold beside each other',
  each: 'not combined, it says which servers this policy is for',
}

/** The JSON schema of a spec, in which each node has the rule by which its values combine, if one stands with it. */
export const withCombinations = (schema: z.ZodType): Schema =>
  z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
    override({ zodSchema, jsonSchema }) {
      const combine = traits.get(zodSchema)?.combine
      if (combine !== undefined) Object.assign(jsonSchema, { combine })
    },
  })

type Properties = Readonly<Record<string, Schema>>

/** Paths of all leaves that have no rule, neither themselves nor a fragment around them. */
export function withoutRule(schema: Schema, path: string): string[] {
  if (schema['combine'] !== undefined) return []
  if (schema['type'] === 'array') return withoutRule(schema['items'] as Schema, `${path}[]`)
  const properties = Object.entries((schema['properties'] ?? {}) as Properties)
  return properties.length === 0 ? [path] : properties.flatMap(([name, field]) => withoutRule(field, `${path}.${name}`))
}
