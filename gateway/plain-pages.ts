import type { ServerResponse } from 'node:http'
import type { Services } from './runtime.ts'

// Answered without a framework: clients and kubelets ask for these at once and again and again, and the web classes that a framework needs cost
// 6 MiB of every gateway (measured). They are loaded when somebody asks for metrics.

export type Page = (res: ServerResponse) => void

/** A page that is written by hand: a framework would cost every gateway its memory (decision 14). */
export const page =
  (status: number, type: string, body: string): Page =>
  res => {
    res.writeHead(status, { 'Content-Type': type, 'Content-Length': String(Buffer.byteLength(body)) })
    res.end(body)
  }

/** A refusal for programs. */
export const refused = (status: number, why: string): Page =>
  page(status, 'application/json', JSON.stringify({ error: why }))

export const notFound: Page = page(404, 'text/plain', '404 Not Found')

/** What the client port says where no MCP server is. Clients show this text to their users when they look for an OAuth server. */
export const noOAuth: Page = page(
  404,
  'application/json',
  JSON.stringify({
    error: 'not_found',
    error_description:
      'No OAuth here: send the API key as X-API-Key or Authorization: Bearer. MCP servers are at /mcp/<server>.',
  }),
)

/** Ready: serving, no server is known to be down, and the one of this pod has answered. */
function unready(services: Services): string | undefined {
  if (services.phase() !== 'serving') return services.phase()
  const down = [...services.runtime().servers.values()].filter(({ health }) => health !== undefined && !health.ready)
  return down.length > 0 ? `unhealthy: ${down.map(({ name }) => name).join(', ')}` : undefined
}

const ok = page(200, 'text/plain', 'ok')

/** The probes of the admin port: `livez` while the process listens and has compiled, `readyz` asks for the servers, too. */
export function probe(services: Services, path: string): Page | undefined {
  if (path === '/-/livez') return ok
  if (path !== '/-/readyz') return undefined
  const why = unready(services)
  return why === undefined ? ok : page(503, 'text/plain', why)
}
