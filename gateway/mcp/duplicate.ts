import { eachString, root } from './spans.ts'

/** In larger bodies nobody looks for the place: refusing must stay cheap. */
const searched = 16 * 1024

/**
 * Where a name stands for the second time in its object, for the log: its path, cut.
 * @param bytes JSON
 */
export function duplicateIn(bytes: Buffer): string | undefined {
  if (bytes.length > searched) return undefined
  let found: string | undefined
  /** By depth: the object that is being read there, by its path, and its names so far. */
  const open: { object: string; names: Set<string> }[] = []
  eachString(bytes, root(bytes), (name, _span, path, isName) => {
    if (!isName || found !== undefined) return
    const object = JSON.stringify(path.slice(0, -1))
    let here = open[path.length]
    if (here?.object !== object) open[path.length] = here = { object, names: new Set() }
    if (here.names.has(name)) found = path.join('.').slice(0, 80)
    here.names.add(name)
  })
  return found
}
