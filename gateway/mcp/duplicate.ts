import { eachString, root } from './spans.ts'

/** In larger bodies the place is not looked for: refusing must stay cheap. */
const searched = 16 * 1024

/**
 * The byte at which a name stands for the second time in its object, for the log. The name itself may be a secret, so it is
 * not told.
 * @param bytes JSON
 */
export function duplicateIn(bytes: Buffer): number | undefined {
  if (bytes.length > searched) return undefined
  let found: number | undefined
  /** By depth: the object that is being read there, by its path, and its names so far. */
  const open: { object: string; names: Set<string> }[] = []
  eachString(bytes, root(bytes), (name, span, path, isName) => {
    if (!isName || found !== undefined) return
    const object = JSON.stringify(path.slice(0, -1))
    let here = open[path.length]
    if (here?.object !== object) open[path.length] = here = { object, names: new Set() }
    if (here.names.has(name)) found = span.start
    here.names.add(name)
  })
  return found
}
