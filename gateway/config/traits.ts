import * as z from 'zod'

/**
 * How the values that several objects give to one field become the one that holds, where it can be told from the values alone. The objects come in
 * order, those of the operator's own namespace (the floor) first; one that does not set the field has no say.
 */
export type PlainCombination =
  /** The value of the last: a namespace may have its own. */
  | 'own'
  /** The value of the first: the floor has the word. */
  | 'floor'
  /** All items of all lists. */
  | 'union'
  /** The value that comes first in the enumeration, which names the stricter first. */
  | 'stricter'
  /** The value that comes last in the enumeration, which finds more. */
  | 'wider'
  /** The smallest number. */
  | 'smaller'
  /** Items of the last list that lie in the lists before it. */
  | 'within'
  /** Address ranges that lie in one range of each list. */
  | 'intersection'
  /** Items that stand in the list of every object; one that does not set the field excepts nothing. */
  | 'exceptions'

/** The others depend on what the values are about; `operator/translate/policy` has the code. */
export type Combination =
  | PlainCombination
  /** Not combined: it says which servers its object is for. */
  | 'each'
  /** Equal ones become one, all others stand beside each other, unless what they consist of has rules of its own. */
  | 'beside'
  /** All approvals, but for what the floor calls dangerous only its own. */
  | 'approval'

/** What is known of a field beyond its type. It stands with the field and is executed: no other place repeats it. */
export type Traits = {
  readonly combine?: Combination
  /** What holds where no object sets the field, as a status shows it. Without it nothing is shown. */
  readonly unset?: unknown
  /** Of a fragment: where it is not set, what its fields have as `unset` does not hold either. */
  readonly optIn?: true
  /** Means something in a cluster alone. */
  readonly cluster?: true
  /** The value, or each item of a list, as a status shows it. */
  readonly text?: (value: z.core.$output) => string
}

/** The traits of schemas: `schema.register(traits, { combine: 'union' })`. */
export const traits = z.registry<Traits>()

/** A field that holds a value of its own: a scalar, a list or a map. */
export type SchemaField = {
  readonly path: readonly string[]
  /** As statuses show it: `servers.egress.networks`. */
  readonly name: string
  readonly schema: z.ZodType
  readonly traits: Omit<Traits, 'text'> & { readonly text: (value: unknown) => string }
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function bare(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ? bare(schema.unwrap() as z.ZodType) : schema
}

/** What stands at a schema itself, with or without the wrapper that only says "may be missing". */
const traitsAt = (schema: z.ZodType): Traits => ({
  ...traits.get(bare(schema)),
  ...traits.get(schema),
})

function itemText(schema: z.ZodType): Traits['text'] {
  const inner = bare(schema)
  return inner instanceof z.ZodArray ? traitsAt(inner.element as z.ZodType).text : traitsAt(inner).text
}

function within(schema: z.ZodType, path: readonly string[], above: Traits): SchemaField[] {
  const inherited = { ...above, ...traitsAt(schema) }
  const inner = bare(schema)
  if (inner instanceof z.ZodObject)
    return Object.entries<z.ZodType>(inner.shape).flatMap(([name, field]) => within(field, [...path, name], inherited))
  const text = (itemText(schema) ?? plain) as (value: unknown) => string
  return [{ path, name: path.join('.'), schema: inner, traits: { ...inherited, text } }]
}

/** Every field of an object, in the order of the schema. What stands with a fragment is true of its fields, unless they say otherwise. */
export const fieldsOf = (schema: z.ZodType): SchemaField[] => within(schema, [], {})

/** The value at a path, or undefined. */
export const valueAt = (object: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((node, step) => (node as Readonly<Record<string, unknown>> | undefined)?.[step], object)

type Node = { [member: string]: unknown }

/** The object that has these values at these paths, in this order; what is undefined is left out. */
export function assembled(values: readonly (readonly [path: readonly string[], value: unknown])[]): object {
  const root: Node = {}
  for (const [path, value] of values) {
    if (value === undefined) continue
    let node = root
    for (const step of path.slice(0, -1)) node = (node[step] ??= {}) as Node
    node[path.at(-1)!] = value
  }
  return root
}

/** A fragment as it is, but for members that another part of the system reads; undefined when nothing else is in it. */
function known(fragment: z.ZodType, value: unknown): unknown {
  const inner = bare(fragment)
  if (!(inner instanceof z.ZodObject) || typeof value !== 'object' || value === null) return value
  const members = Object.entries(value)
  const kept = members.filter(([name]) => Object.hasOwn(inner.shape, name))
  if (kept.length === members.length) return value
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

/**
 * The fragments of an object that are set, whole, in the order of the shape: a field that is added to a fragment travels without being named anywhere
 * else, and so does a fragment that is added to the shape.
 * @param shape fragments by name
 */
export const partOf = <S extends z.core.$ZodShape>(shape: S, object: object): z.infer<z.ZodObject<S>> =>
  assembled(
    Object.entries(shape).map(([name, fragment]) => [[name], known(fragment as z.ZodType, valueAt(object, [name]))]),
  ) as z.infer<z.ZodObject<S>>
