/**
 * Every way in which the gateway refuses, and what each audience is told.
 *
 * `http` and `rpc` are for programs, `text` is for the caller (SDK clients show the body of a non-2xx answer as it is, so each text must be
 * understandable alone; `{credential}` and `{requirement}` stand for what the configuration accepts), the code itself is the metric label. Codes of our own lie outside -32768 to -32000, which JSON-RPC and the MCP
 * specification keep for themselves; -32020 and the plain JSON-RPC codes are used only where the specification names the situation.
 */
export type ErrorCode =
  | 'HostNotAllowed'
  | 'OriginNotAllowed'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'Unauthenticated'
  | 'CredentialConflict'
  | 'KeyExpired'
  | 'KeyRevoked'
  | 'NoAuthentication'
  | 'InsufficientScope'
  | 'ServerNotAllowed'
  | 'ServerStopped'
  | 'UnsupportedMediaType'
  | 'NotAcceptable'
  | 'PayloadTooLarge'
  | 'TooComplex'
  | 'ParseError'
  | 'InvalidRequest'
  | 'InvalidParams'
  | 'AmbiguousMessage'
  | 'BatchNotAllowed'
  | 'HeaderMismatch'
  | 'MethodNotFound'
  | 'SessionRequired'
  | 'SessionNotFound'
  | 'SessionRevision'
  | 'SessionOpen'
  | 'StreamOpen'
  | 'RequestIdInUse'
  | 'EventNotFound'
  | 'RevisionNotServed'
  | 'TaskNotFound'
  | 'ToolNotAllowed'
  | 'ToolNotApproved'
  | 'GuardrailBlocked'
  | 'CallerRevoked'
  | 'AuditUnavailable'
  | 'Busy'
  | 'ShuttingDown'
  | 'ConfigurationRefused'
  | 'UpstreamAddressRefused'
  | 'UpstreamUnreachable'
  | 'UpstreamTimeout'
  | 'UpstreamAuthentication'
  | 'UpstreamUnreadable'
  | 'UpstreamTooLarge'
  | 'UpstreamRedirect'
  | 'UpstreamMisdirected'
  | 'Internal'

export type ErrorRow = {
  readonly http: number
  readonly rpc: number
  readonly text: string
  /** The code that the caller is told instead. Audit, log and metrics keep the true one. */
  readonly publicCode?: ErrorCode
}

/** The one table: a code without a row does not compile. */
export const errors: { readonly [C in ErrorCode]: ErrorRow } = {
  HostNotAllowed: {
    http: 403,
    rpc: -31001,
    text: 'This host name is not served here. Add it to MCPGateway.spec.hosts.',
  },
  OriginNotAllowed: {
    http: 403,
    rpc: -31002,
    text: 'Requests from this Origin are not allowed. Add it to MCPGateway.spec.origins.',
  },
  NotFound: {
    http: 404,
    rpc: -31003,
    text: 'There is no server at this address that this {credential} may call.',
  },
  MethodNotAllowed: { http: 405, rpc: -31004, text: 'This HTTP method is not offered here.' },
  Unauthenticated: {
    http: 401,
    rpc: -31005,
    text: '{requirement} This server does not use OAuth.',
  },
  CredentialConflict: {
    http: 401,
    rpc: -31006,
    text: 'The request carries two different credentials. Send exactly one {credential}.',
  },
  KeyExpired: { http: 401, rpc: -31007, text: 'This {credential} has expired. Ask its owner for a new one.' },
  KeyRevoked: { http: 401, rpc: -31008, text: 'This {credential} has been revoked.' },
  NoAuthentication: {
    http: 401,
    rpc: -31009,
    text: 'No way in is configured: there is no APIKey for this server. Create one with "bartizan keys create".',
  },
  InsufficientScope: { http: 403, rpc: -31010, text: 'The {credential} lacks the scope that this method needs.' },
  // A key does not learn which other servers there are.
  ServerNotAllowed: {
    http: 404,
    rpc: -31011,
    text: 'The {credential} does not allow this server.',
    publicCode: 'NotFound',
  },
  ServerStopped: { http: 503, rpc: -31012, text: 'This server is stopped (spec.stopped).' },
  UnsupportedMediaType: { http: 415, rpc: -31013, text: 'The body must be sent as Content-Type: application/json.' },
  NotAcceptable: { http: 406, rpc: -31014, text: 'Accept must list application/json and text/event-stream.' },
  PayloadTooLarge: { http: 413, rpc: -31015, text: 'The message is larger than the limit.' },
  TooComplex: { http: 413, rpc: -31016, text: 'The message holds too many values or is nested too deeply.' },
  ParseError: { http: 400, rpc: -32700, text: 'The body is not JSON.' },
  InvalidRequest: { http: 400, rpc: -32600, text: 'The body is not a JSON-RPC message.' },
  InvalidParams: { http: 400, rpc: -32602, text: 'The parameters are malformed.' },
  AmbiguousMessage: {
    http: 400,
    rpc: -32600,
    text: 'Two JSON parsers could read this message differently, so it is refused.',
  },
  BatchNotAllowed: { http: 400, rpc: -32600, text: 'Batches are allowed only in sessions of revision 2025-03-26.' },
  HeaderMismatch: { http: 400, rpc: -32020, text: 'A required header is missing or differs from the body.' },
  MethodNotFound: { http: 404, rpc: -32601, text: 'Method not found.' },
  SessionRequired: { http: 400, rpc: -32000, text: 'Bad Request: Mcp-Session-Id header is required.' },
  SessionNotFound: { http: 404, rpc: -32001, text: 'Session not found' },
  SessionRevision: { http: 400, rpc: -32000, text: 'Bad Request: Unsupported protocol version' },
  SessionOpen: { http: 400, rpc: -32600, text: 'Invalid Request: Server already initialized' },
  StreamOpen: { http: 409, rpc: -32000, text: 'Conflict: Only one SSE stream is allowed per session' },
  RequestIdInUse: { http: 400, rpc: -32600, text: 'A request with this id is in flight already.' },
  EventNotFound: { http: 400, rpc: -31028, text: 'Last-Event-ID names no event of this session.' },
  RevisionNotServed: { http: 400, rpc: -32022, text: 'Unsupported protocol version' },
  TaskNotFound: { http: 400, rpc: -32602, text: 'Task not found' },
  ToolNotAllowed: { http: 403, rpc: -31020, text: 'This tool is not allowed for this caller.' },
  ToolNotApproved: {
    http: 403,
    rpc: -31021,
    text: 'This tool matches a dangerous pattern and waits for approval in GuardrailPolicy.spec.tools.approved.',
  },
  GuardrailBlocked: { http: 400, rpc: -31022, text: 'Blocked by a guardrail policy.' },
  CallerRevoked: { http: 401, rpc: -31023, text: 'The caller is no longer allowed; the call was ended.' },
  AuditUnavailable: { http: 503, rpc: -31024, text: 'The audit log cannot be written, so no call is let through.' },
  Busy: { http: 503, rpc: -31025, text: 'The gateway holds as many bytes as it may. Try again.' },
  ShuttingDown: { http: 503, rpc: -31026, text: 'The gateway is shutting down. Try again.' },
  ConfigurationRefused: {
    http: 503,
    rpc: -31027,
    text: 'This server has no configuration that could be read; its status says why.',
  },
  UpstreamAddressRefused: {
    http: 502,
    rpc: -31030,
    text: "The server's address is outside the allowed networks (MCPGateway.spec.servers.allowedNetworks).",
  },
  UpstreamUnreachable: { http: 502, rpc: -31031, text: 'The server could not be reached or closed the connection.' },
  UpstreamTimeout: { http: 504, rpc: -31032, text: 'The server did not answer in time.' },
  UpstreamAuthentication: { http: 502, rpc: -31033, text: 'The server refused the credential of the gateway.' },
  UpstreamUnreadable: {
    http: 502,
    rpc: -31034,
    text: 'The answer of the server could not be read safely and was withheld.',
  },
  UpstreamTooLarge: {
    http: 502,
    rpc: -31035,
    text: 'The answer of the server is larger than the limit and was withheld.',
  },
  UpstreamRedirect: { http: 502, rpc: -31036, text: 'The server answered with a redirect, which is never followed.' },
  UpstreamMisdirected: {
    http: 502,
    rpc: -31037,
    text: 'The server sent what belongs to no request of this client, so it was withheld.',
  },
  Internal: { http: 500, rpc: -32603, text: 'The gateway failed to judge this call, so it was refused.' },
}
