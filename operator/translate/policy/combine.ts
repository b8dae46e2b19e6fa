import { z } from 'zod'
import { intersection, lies } from '../../../gateway/config/networks.ts'
import {
  assembled,
  valueAt,
  type Combination,
  type Field,
  type PlainCombination,
} from '../../../gateway/config/traits.ts'

/** An object that sets fields, with the name under which statuses speak of it. */
export type Layer<T extends object = object> = { readonly origin: string; readonly spec: T }

/** What holds of some fields, and which objects said so, field by field; a field that no object sets has no origin. */
export type Combined = { readonly spec: object; readonly from: Readonly<Record<string, string>> }

/** What one object says of one field. */
type Said = { readonly origin: string; readonly value: unknown }

/** At least one. */
type AllSaid = readonly [Said, ...Said[]]

/** The value that holds, and those who have a part in it. */
type Held = { readonly value: unknown; readonly by: readonly Said[] }

type Rule = (all: AllSaid, schema: z.ZodType) => Held

/** A list whose items are plain JSON; the schema has seen to it. */
const listIn = ({ value }: Said): readonly unknown[] => value as readonly unknown[]

/** Texts, of which ranges of addresses may lie in others. */
const textsIn = ({ value }: Said): readonly string[] => value as readonly string[]

const distinct = (items: readonly unknown[]): unknown[] => [
  ...new Map(items.map(item => [JSON.stringify(item), item] as const)).values(),
]

const one = (said: Said): Held => ({ value: said.value, by: [said] })

/** Of several that are equal the first. */
const least = (all: AllSaid, weight: (said: Said) => number): Held =>
  one(all.reduce((best, said) => (weight(said) < weight(best) ? said : best)))

const isWithin = (item: string, caps: readonly string[]): boolean => caps.some(cap => cap === item || lies(item, cap))

const rules: Readonly<Record<PlainCombination, Rule>> = {
  own: all => one(all.at(-1)!),
  floor: ([first]) => one(first),
  union: all => ({ value: distinct(all.flatMap(listIn)), by: all }),
  stricter: (all, schema) => {
    const options: readonly unknown[] = schema instanceof z.ZodEnum ? schema.options : []
    return least(all, ({ value }) => options.indexOf(value))
  },
  smaller: all => least(all, ({ value }) => Number(value)),
  within: all => ({
    value: all.map(textsIn).reduce((caps, chosen) => chosen.filter(item => isWithin(item, caps))),
    by: all,
  }),
  intersection: all => ({ value: all.map(textsIn).reduce(intersection), by: all }),
}

const isPlain = (combine: Combination | undefined): combine is PlainCombination =>
  combine !== undefined && Object.hasOwn(rules, combine)

/**
 * Combines what several objects say, field by field, each by the rule that stands with the field.
 * @param layers those of the floor first
 * @throws when a field has no such rule: nothing may be lost in silence
 */
export function combined(fields: readonly Field[], layers: readonly Layer[]): Combined {
  const held = fields.flatMap(({ path, name, schema, traits: { combine } }) => {
    if (!isPlain(combine)) throw new Error(`${name} does not say how the values of several objects combine`)
    const [first, ...further] = layers.flatMap(({ origin, spec }): Said[] => {
      const value = valueAt(spec, path)
      return value === undefined ? [] : [{ origin, value }]
    })
    return first === undefined ? [] : [{ path, name, ...rules[combine]([first, ...further], schema) }]
  })
  return {
    spec: assembled(held.map(({ path, value }) => [path, value])),
    from: Object.fromEntries(held.map(({ name, by }) => [name, by.map(({ origin }) => origin).join(', ')])),
  }
}
