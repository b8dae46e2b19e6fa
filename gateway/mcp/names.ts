/**
 * The member names that the protocol gives a meaning, by where they stand. A name that equals one of them only after case folding is refused:
 * Go servers would read it as the known one (CVE-2026-27896).
 */
export type Names = ReadonlySet<string>

const names = (text: string): Names => new Set(text.split(/\s+/).filter(name => name !== ''))

export const envelopeNames = names('jsonrpc id method params result error')

export const errorNames = names('code message data')

/** Of every method and notification of both eras, requests of the server to the client included. */
export const paramsNames = names(`
  _meta name arguments uri cursor requestId taskId task protocolVersion capabilities clientInfo inputResponses requestState
  ref argument context level logger data progressToken progress total message reason notifications
  mode requestedSchema url elicitationId
  messages modelPreferences systemPrompt includeContext temperature maxTokens stopSequences metadata tools toolChoice
  status statusMessage createdAt lastUpdatedAt ttl ttlMs pollInterval pollIntervalMs result error inputRequests
`)

export const metaNames = names(`
  progressToken traceparent tracestate baggage
  io.modelcontextprotocol/protocolVersion io.modelcontextprotocol/clientCapabilities io.modelcontextprotocol/clientInfo
  io.modelcontextprotocol/logLevel io.modelcontextprotocol/subscriptionId io.modelcontextprotocol/serverInfo
  io.modelcontextprotocol/related-task io.modelcontextprotocol/model-immediate-response
`)

export const resultNames = names(`
  _meta resultType content structuredContent isError toolResult tools prompts resources resourceTemplates messages contents description
  nextCursor ttlMs cacheScope inputRequests requestState completion roots action role model stopReason
  protocolVersion supportedVersions capabilities serverInfo instructions
  task tasks taskId status statusMessage createdAt lastUpdatedAt ttl pollInterval pollIntervalMs result error
`)

/** Of the elements of `result.tools`: the list is filtered by what is read here. */
export const toolNames = names('name title description inputSchema outputSchema annotations icons execution _meta')

const folded = new WeakMap<Names, ReadonlySet<string>>()

/**
 * Upper case first, so that everything meets that any parser could fold together: the long s and S, the Kelvin sign and K, dotless i and I.
 * That is more than Go's simple folding, and more is the safe side.
 */
export const fold = (name: string): string => name.toUpperCase().toLowerCase()

/** Whether `name` is none of `known` and yet would be taken for one where case does not count. */
export function impersonates(name: string, known: Names): boolean {
  if (known.has(name)) return false
  let set = folded.get(known)
  if (set === undefined) {
    set = new Set([...known].map(fold))
    folded.set(known, set)
  }
  return set.has(fold(name))
}
