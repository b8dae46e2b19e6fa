const covers = (range: string, type: string): boolean => {
  const [name = ''] = range.split(';')
  const wanted = name.trim().toLowerCase()
  return wanted === type || wanted === '*/*' || wanted === `${type.split('/')[0]}/*`
}

/**
 * Whether an Accept header lists every one of these media types (Streamable HTTP, sending messages: a client MUST list JSON and event streams on
 * a POST). A wildcard lists what it covers (RFC 9110 section 12.5.1); no header lists nothing.
 */
export function accepts(header: string | undefined, types: readonly string[]): boolean {
  const ranges = header?.split(',') ?? []
  return types.every(type => ranges.some(range => covers(range, type)))
}
