import type { ParamHeader } from '../../mcp/headers.ts'

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A field name (RFC 9110 section 5.1). */
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const primitive = new Set<unknown>(['integer', 'string', 'boolean'])

/**
 * The arguments that clients repeat in `Mcp-Param-*` headers, for each tool in the result of `tools/list` that annotates any (protocol.md
 * section 3.2). Tools with a bad annotation are left out: clients must not offer them.
 */
export function annotatedTools(result: unknown): Map<string, readonly ParamHeader[]> {
  const found = new Map<string, readonly ParamHeader[]>()
  const tools = isObject(result) && Array.isArray(result.tools) ? (result.tools as unknown[]) : []
  for (const tool of tools) {
    if (!isObject(tool) || typeof tool.name !== 'string') continue
    const params: ParamHeader[] = []
    if (collect(tool.inputSchema, [], params) && params.length > 0 && unique(params)) found.set(tool.name, params)
  }
  return found
}

/** Only what is reached through `properties` counts. False when an annotation is bad. */
function collect(schema: unknown, path: readonly string[], into: ParamHeader[]): boolean {
  if (!isObject(schema)) return true
  const header = schema['x-mcp-header']
  if (header !== undefined) {
    if (typeof header !== 'string' || !fieldName.test(header) || !primitive.has(schema.type)) return false
    into.push({ header, path, integer: schema.type === 'integer' })
  }
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : []
  return properties.every(([name, property]) => collect(property, [...path, name], into))
}

const unique = (params: readonly ParamHeader[]): boolean =>
  new Set(params.map(({ header }) => header.toLowerCase())).size === params.length
