/** HTTP status of the errors that only modern servers know, by JSON-RPC code (protocol.md section 6). */
const modernOnly = new Map([
  [-32020, 400],
  [-32021, 400],
  [-32022, 400],
])

/** And of those whose status depends on the era. */
const inModern = new Map([...modernOnly, [-32602, 400], [-32601, 404]])

/** The status under which a server of the era answers with `error`; 200 for a result and for codes without a status of their own. */
export function statusOf(error: unknown, era: 'legacy' | 'modern'): number {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  const table = era === 'modern' ? inModern : modernOnly
  return table.get(code as number) ?? 200
}
