import type { IncomingMessage, ServerResponse } from 'node:http'

/** Beside those of credentials. */
const allowedHeaders = 'Content-Type, Accept, Last-Event-ID, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name'

/** Lets a page of an accepted Origin read answers. The Origin was checked before; credentials travel in headers, never in cookies. */
export function corsHeaders(res: ServerResponse, origin: string): void {
  res.setHeader('Access-Control-Allow-Origin', origin)
  res.setHeader('Access-Control-Expose-Headers', 'Mcp-Session-Id, WWW-Authenticate, Retry-After')
  res.setHeader('Vary', 'Origin')
}

const parameterHeader = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]+$/

/** The headers that a preflight asks for and that have no fixed name: `Mcp-Param-<Name>`. */
const parameterHeaders = (asked: string): string[] =>
  asked
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => parameterHeader.test(name))
    .slice(0, 64)

/** Answers a CORS preflight (Fetch standard, section 3.2.5). It carries no credential, so it says nothing about servers. */
export function preflight(req: IncomingMessage, res: ServerResponse, credentialHeaders: readonly string[]): void {
  const asked = req.headers['access-control-request-headers']
  const headers = [
    ...credentialHeaders,
    allowedHeaders,
    ...(typeof asked === 'string' ? parameterHeaders(asked) : []),
  ].join(', ')
  res.writeHead(204, {
    'Access-Control-Allow-Methods': 'GET, POST, DELETE',
    'Access-Control-Allow-Headers': headers,
    'Access-Control-Max-Age': '600',
  })
  res.end()
}
