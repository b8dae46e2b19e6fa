import type { ServerResponse } from 'node:http'
import { connectionOf, hasBody } from '../http/connection.ts'
import type { Services } from '../runtime/runtime.ts'

// Answered without a framework: clients and kubelets ask for these at once and again and again, and the web classes that a framework needs cost
// 6 MiB of every gateway (measured). They are loaded with the first request for metrics.

export type Page = (res: ServerResponse) => void

/** Nothing that these pages say needs a body that was not read yet. */
function withoutBody(res: ServerResponse): void {
  if (hasBody(res.req) && !res.req.complete) connectionOf(res.req.socket)?.discard(false)
}

/** A page that is written by hand: a framework would cost every gateway its memory (decision 14). */
export const page =
  (status: number, type: string, body: string): Page =>
  res => {
    withoutBody(res)
    res.writeHead(status, { 'Content-Type': type, 'Content-Length': String(Buffer.byteLength(body)) })
    res.end(body)
  }

/** A refusal for programs. */
export const refused = (status: number, why: string): Page =>
  page(status, 'application/json', JSON.stringify({ error: why }))

export const notFound: Page = page(404, 'text/plain', '404 Not Found')

/** A page that ends its connection: what strangers get whose request is none of those that are answered here. */
const lastPage =
  (answer: Page): Page =>
  res => {
    res.shouldKeepAlive = false
    answer(res)
  }

export const badHost: Page = lastPage(page(400, 'text/plain', ''))
export const badExpectation: Page = lastPage(page(417, 'text/plain', ''))
export const bodyNotTaken: Page = lastPage(page(413, 'text/plain', 'There is nothing here that takes a body.'))

/** What the client port says where no MCP server is. Clients show this text to their users when they look for an OAuth server. */
export const noOAuth = (services: Services): Page =>
  lastPage(
    page(
      404,
      'application/json',
      JSON.stringify({
        error: 'not_found',
        error_description: `No OAuth here: ${services.runtime().auth.accepted.hint}. MCP servers are at /mcp/<server>.`,
      }),
    ),
  )

/** Ready: serving, no server is known to be down, and the one of this pod has answered. */
function unready(services: Services): string | undefined {
  if (services.phase() !== 'serving') return services.phase()
  const down = [...services.runtime().servers.values()].filter(({ health }) => health !== undefined && !health.ready)
  return down.length > 0 ? `unhealthy: ${down.map(({ name }) => name).join(', ')}` : undefined
}

const ok = page(200, 'text/plain', 'ok')

/** The probes of the admin port: `livez` while the process listens and has compiled, `readyz` asks for the servers, too. */
export function probePage(services: Services, path: string): Page | undefined {
  if (path === '/-/livez') return ok
  if (path !== '/-/readyz') return undefined
  const why = unready(services)
  return why === undefined ? ok : page(503, 'text/plain', why)
}
