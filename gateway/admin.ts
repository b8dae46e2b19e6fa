import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Guards } from './config/guard.ts'
import type { Applied } from './options.ts'
import { notFound, page, probe } from './plain-pages.ts'
import type { Services } from './runtime.ts'

/** What the admin port tells and does beside the probes. */
export type Administration = { guards(): Guards; applied(): Applied }

const pathOf = (req: IncomingMessage): string => (req.url ?? '').split('?', 1)[0]!

const failed = page(500, 'text/plain', 'The log of the gateway says why.')

/** The admin port: probes for the kubelet, status for the operator. */
export function adminListener(services: Services, administration: Administration): RequestListener {
  // The report is signed in a module of its own: a gateway that nobody asks need not load it.
  const status = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { statusPage } = await import('./status-page.ts')
    statusPage(services, administration.guards(), administration.applied(), req)(res)
  }
  return (req, res) => {
    const path = pathOf(req)
    const answer = probe(services, path)
    if (answer) return answer(res)
    if (path !== '/-/status') return notFound(res)
    status(req, res).catch((error: unknown) => {
      services.log.error('a page failed', { path, error: String(error) })
      if (!res.headersSent) failed(res)
    })
  }
}
