import { z } from 'zod'
import { intersection, isSubrange } from '../../../gateway/config/networks.ts'
import {
  assembled,
  valueAt,
  type Combination,
  type SchemaField,
  type PlainCombination,
} from '../../../gateway/config/traits.ts'

/** An object that sets fields, with the name under which statuses speak of it. */
export type Layer<T extends object = object> = { readonly origin: string; readonly spec: T }

/** What holds of some fields, and which objects said so, field by field; a field that no object sets has no origin. */
export type Combined = { readonly spec: object; readonly from: Readonly<Record<string, string>> }

/** What one object says of one field. */
type FieldValue = { readonly origin: string; readonly value: unknown }

/** At least one. */
type FieldValues = readonly [FieldValue, ...FieldValue[]]

/** The value that holds, and those who have a part in it. */
type CombinedValue = { readonly value: unknown; readonly by: readonly FieldValue[] }

/**
 * @param schema of the field
 * @param silent whether some object does not set it
 */
type Rule = (all: FieldValues, schema: z.ZodType, silent: boolean) => CombinedValue

/** A list whose items are plain JSON; the schema has seen to it. */
const listIn = ({ value }: FieldValue): readonly unknown[] => value as readonly unknown[]

/** Texts, of which ranges of addresses may lie in others. */
const textsIn = ({ value }: FieldValue): readonly string[] => value as readonly string[]

const distinct = (items: readonly unknown[]): unknown[] => [
  ...new Map(items.map(item => [JSON.stringify(item), item] as const)).values(),
]

const one = (said: FieldValue): CombinedValue => ({ value: said.value, by: [said] })

/** Of several that are equal the first. */
const least = (all: FieldValues, weight: (said: FieldValue) => number): CombinedValue =>
  one(all.reduce((best, said) => (weight(said) < weight(best) ? said : best)))

const rankIn = (schema: z.ZodType, { value }: FieldValue): number =>
  schema instanceof z.ZodEnum ? (schema.options as readonly unknown[]).indexOf(value) : 0

const isWithin = (item: string, caps: readonly string[]): boolean =>
  caps.some(cap => cap === item || isSubrange(item, cap))

const rules: Readonly<Record<PlainCombination, Rule>> = {
  own: all => one(all.at(-1)!),
  floor: ([first]) => one(first),
  union: all => ({ value: distinct(all.flatMap(listIn)), by: all }),
  stricter: (all, schema) => least(all, said => rankIn(schema, said)),
  wider: (all, schema) => least(all, said => -rankIn(schema, said)),
  smaller: all => least(all, ({ value }) => Number(value)),
  within: all => ({
    value: all.map(textsIn).reduce((caps, chosen) => chosen.filter(item => isWithin(item, caps))),
    by: all,
  }),
  intersection: all => ({ value: all.map(textsIn).reduce(intersection), by: all }),
  exceptions: (all, _, silent) => {
    const common = all.map(textsIn).reduce((left, right) => left.filter(item => right.includes(item)))
    return { value: silent || common.length === 0 ? undefined : common.toSorted(), by: all }
  },
}

/** Whether `combined` has the code for a rule. */
export const isPlain = (combine: Combination | undefined): combine is PlainCombination =>
  combine !== undefined && Object.hasOwn(rules, combine)

/**
 * Combines what several objects say, field by field, each by the rule that stands with the field.
 * @param layers those of the floor first
 * @throws when a field has no such rule: nothing may be lost in silence
 */
export function combined(fields: readonly SchemaField[], layers: readonly Layer[]): Combined {
  const held = fields.flatMap(({ path, name, schema, traits: { combine } }) => {
    if (!isPlain(combine)) throw new Error(`${name} does not say how the values of several objects combine`)
    const [first, ...further] = layers.flatMap(({ origin, spec }): FieldValue[] => {
      const value = valueAt(spec, path)
      return value === undefined ? [] : [{ origin, value }]
    })
    if (first === undefined) return []
    const silent = further.length + 1 < layers.length
    return [{ path, name, ...rules[combine]([first, ...further], schema, silent) }]
  })
  return {
    spec: assembled(held.map(({ path, value }) => [path, value])),
    from: Object.fromEntries(held.map(({ name, by }) => [name, by.map(({ origin }) => origin).join(', ')])),
  }
}
