/**
 * Wrappers that spare a pure step work which it did before: the same inputs give the same output, as the very same value. They know the inputs of a
 * step and nothing of what these mean. Inputs are told apart by identity, lists item by item, so an input that has not changed must come as the very
 * same value, and none may be changed in place. What a step is not given it cannot depend on, so there is no key that could lack something.
 */
const isSame = (left: unknown, right: unknown): boolean =>
  Object.is(left, right) ||
  (Array.isArray(left) &&
    Array.isArray(right) &&
    left.length === right.length &&
    left.every((item, at) => Object.is(item, right[at])))

const areSame = (left: readonly unknown[], right: readonly unknown[]): boolean =>
  left.length === right.length && left.every((input, at) => isSame(input, right[at]))

type Fields = Readonly<Record<string, unknown>>

function haveSameFields(left: Fields, right: Fields): boolean {
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every(name => Object.hasOwn(right, name) && isSame(left[name], right[name]))
  )
}

/**
 * Remembers the last output for each object, as long as that object lives.
 * @param step gets an object and more inputs; what is no object is not remembered
 */
export function perObject<K, I extends readonly unknown[], T>(
  step: (key: K, ...inputs: I) => T,
): (key: K, ...inputs: I) => T {
  const outputs = new WeakMap<object, { readonly inputs: readonly unknown[]; readonly output: T }>()
  return (key, ...inputs) => {
    if (typeof key !== 'object' || key === null) return step(key, ...inputs)
    const known = outputs.get(key)
    if (known && areSame(known.inputs, inputs)) return known.output
    const output = step(key, ...inputs)
    outputs.set(key, { inputs, output })
    return output
  }
}

/** Remembers the last output of a step that takes its inputs as the fields of one record. */
export function latest<I extends object, T>(step: (inputs: I) => T): (inputs: I) => T {
  let known: { readonly inputs: I; readonly output: T } | undefined
  return inputs => {
    if (known && haveSameFields(known.inputs as Fields, inputs as Fields)) return known.output
    known = { inputs, output: step(inputs) }
    return known.output
  }
}

/** Gives back the record of before while its fields are the same, so that identity tells whether anything has changed. */
export const sameFields = <T extends object>(): ((record: T) => T) => latest(record => record)

/** Gives back the value of before while the text of a new one is the same, so that identity tells whether anything has changed. */
export function sameText<T>(textOf: (value: T) => string): (value: T) => T {
  let known: { readonly text: string; readonly value: T } | undefined
  return value => {
    const text = textOf(value)
    if (known?.text !== text) known = { text, value }
    return known.value
  }
}

/** Wraps a step anew for each name, and forgets the names that a list does not have. */
export function perName<I, T>(
  nameOf: (item: I) => string,
  wrapped: () => (item: I) => T,
): (items: readonly I[]) => T[] {
  let steps: ReadonlyMap<string, (item: I) => T> = new Map()
  return items => {
    const present = new Map<string, (item: I) => T>()
    const outputs = items.map(item => {
      const name = nameOf(item)
      const step = steps.get(name) ?? wrapped()
      present.set(name, step)
      return step(item)
    })
    steps = present
    return outputs
  }
}
