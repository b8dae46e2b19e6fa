/**
 * Words of the protocol itself. In the places that the protocol defines they are structure, not text: a policy that forbids the word `text`
 * must not refuse every content block.
 */
const names = new Set(
  `_meta annotations arguments argument audience audio baggage blob capabilities clientInfo completion completions const content contents
  context cursor data default description elicitation elicitationId enum enumNames error experimental extensions format hasMore
  destructiveHint icons idempotentHint includeContext inputRequests inputResponses inputSchema instructions items lastModified
  level listChanged logger logging logLevel maxItems maxLength maxTokens maximum message messages metadata method mimeType minItems minLength
  minimum mode model modelPreferences name nextCursor oneOf anyOf allOf openWorldHint outputSchema params prompts priority progress
  progressToken properties protocolVersion readOnlyHint reason ref requestId requestState requestedSchema required resource resourceTemplates
  resources result resultType role roots sampling serverInfo size sizes src stopReason stopSequences structuredContent subscribe subscriptionId
  systemPrompt taskId tasks temperature text title tools toolChoice total traceparent tracestate ttlMs cacheScope type uri uriTemplate url
  value values version websiteUrl isError additionalProperties $schema code action io.modelcontextprotocol/protocolVersion
  io.modelcontextprotocol/clientCapabilities io.modelcontextprotocol/clientInfo io.modelcontextprotocol/serverInfo
  io.modelcontextprotocol/logLevel io.modelcontextprotocol/subscriptionId`.split(/\s+/),
)

/** Whether a member name is one of the protocol's own. */
export const isProtocolName = (name: string): boolean => names.has(name)

/** Members below which every name and every constant was chosen by a caller or a tool. */
const applicationData = new Set([
  'arguments',
  'structuredContent',
  'inputResponses',
  'properties',
  'data',
  'context',
  'experimental',
])

export const holdsApplicationData = (name: string): boolean => applicationData.has(name)

const constants: Readonly<Record<string, ReadonlySet<string>>> = {
  type: new Set(
    'text image audio resource resource_link tool_use tool_result object string number integer boolean array null ref/prompt ref/resource'.split(
      ' ',
    ),
  ),
  role: new Set(['user', 'assistant']),
  resultType: new Set(['complete', 'input_required', 'task']),
  mimeType: new Set(
    'text/plain text/html text/markdown application/json image/png image/jpeg image/gif image/webp audio/wav'.split(
      ' ',
    ),
  ),
  action: new Set(['accept', 'decline', 'cancel']),
  cacheScope: new Set(['public', 'private']),
}

/** Whether a text is a constant that the protocol puts under this name. */
export const isProtocolConstant = (name: string, text: string): boolean =>
  Object.hasOwn(constants, name) && constants[name]!.has(text)

/** What names a request or stream: short, as every implementation makes them. Whatever else stands in its place is text. */
export const isIdentifier = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && value.length <= 128)
