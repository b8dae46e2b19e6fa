/** One defect that a gateway could have, done by the shim in front of it. */
export type Sabotage = {
  readonly name: string
  /** Revision of the leg in which it must show. */
  readonly leg: string
  /** Whether a request header, named in lower case, goes on. */
  keepsHeader?(name: string): boolean
  /** The status that the client gets to see. */
  status?(status: number): number
}

/** A comparison that one of these passes unseen is worth nothing. */
export const sabotages: readonly Sabotage[] = [
  { name: 'drop Last-Event-ID', leg: '2025-11-25', keepsHeader: name => name !== 'last-event-id' },
  { name: '202 to 200', leg: '2025-11-25', status: status => (status === 202 ? 200 : status) },
  { name: 'strip Mcp-Method', leg: '2026-07-28', keepsHeader: name => name !== 'mcp-method' },
]
