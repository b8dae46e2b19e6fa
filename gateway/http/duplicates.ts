/** Headers that may stand once only: two readers would pick different ones. */
const single = new Set([
  'host',
  'authorization',
  'x-api-key',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'origin',
  'accept',
  'last-event-id',
])

const mustBeSingle = (name: string): boolean => single.has(name) || name.startsWith('mcp-')

/**
 * The name of a header that stands twice and must not, or undefined. `raw` is Node's flat list of names and values; `distinct` the number of
 * different names, so that the usual request costs one comparison.
 */
export function duplicateHeader(raw: readonly string[], distinct: number): string | undefined {
  if (raw.length === distinct * 2) return undefined
  const seen = new Set<string>()
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    if (mustBeSingle(name) && seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}
