const known = new WeakMap<object, string>()

/** A file of a configuration as it is delivered. The keys of a namespace are one object for all of its servers, so each is spelled once. */
export function fileText(file: object): string {
  const text = known.get(file) ?? JSON.stringify(file)
  known.set(file, text)
  return text
}
