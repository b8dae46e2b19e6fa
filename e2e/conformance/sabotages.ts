import type { Difference } from './compare.ts'

/** One defect that a gateway could have, done by the shim in front of it. */
export type Sabotage = {
  readonly name: string
  /** Revision of the leg in which it must show. */
  readonly leg: string
  /** The check in which it must show, whatever else breaks. */
  readonly shows: { readonly scenario: string; readonly id: string }
  /** Whether a request header, named in lower case, goes on. */
  keepsHeader?(name: string): boolean
  /** The status that the client gets to see. */
  status?(status: number): number
}

/** A comparison that one of these passes unseen is worth nothing. */
export const sabotages: readonly Sabotage[] = [
  {
    name: 'drop Last-Event-ID',
    leg: '2025-11-25',
    shows: { scenario: 'server-sse-polling', id: 'server-sse-disconnect-resume' },
    keepsHeader: name => name !== 'last-event-id',
  },
  {
    name: '202 to 200',
    leg: '2025-11-25',
    // The official suite has no check of this status; some scenarios only hang.
    shows: { scenario: 'bartizan-raw', id: 'bartizan-raw-202-notification' },
    status: status => (status === 202 ? 200 : status),
  },
  {
    name: 'strip Mcp-Method',
    leg: '2026-07-28',
    shows: { scenario: 'tools-call-simple-text', id: 'tools-call-simple-text' },
    keepsHeader: name => name !== 'mcp-method',
  },
]

/** Whether the check that this defect must upset is among what it changed. */
export const isSeen = ({ shows }: Sabotage, added: readonly Difference[]): boolean =>
  added.some(({ scenario, id }) => scenario === shows.scenario && id === shows.id)
