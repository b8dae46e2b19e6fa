import type { Message } from '../../exchange.ts'
import { modernRevision } from '../../mcp/era.ts'

/** The raw id of the probe; requests of callers are numbered from 1. */
export const probeId = '0'

/** A request that every modern server answers and no legacy server knows. */
export const discoverRequest: Buffer = Buffer.from(
  JSON.stringify({
    jsonrpc: '2.0',
    id: Number(probeId),
    method: 'server/discover',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': modernRevision,
        'io.modelcontextprotocol/clientInfo': { name: 'bartizan', version: '0' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  }),
)

/** A modern server, and the revisions that it serves where it told them. */
export type Modern = { readonly supported: readonly string[] | undefined }

/** `unstarted`: the program could not be run, which says nothing about its era. */
export type ProbeVerdict = Modern | 'legacy' | 'died' | 'unstarted'

/**
 * The era of a child by its answer to `server/discover`: a DiscoverResult or an error that only modern servers know. Legacy servers answer with
 * all sorts of codes, so no other one is looked at.
 */
export function verdictOf(answer: Message): Modern | 'legacy' {
  const { supportedVersions } = (answer.result ?? {}) as { readonly supportedVersions?: unknown }
  const { code } = (answer.error ?? {}) as { readonly code?: unknown }
  if (isTexts(supportedVersions)) return { supported: supportedVersions }
  return code === -32020 || code === -32021 || code === -32022 ? { supported: undefined } : 'legacy'
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(one => typeof one === 'string')
