import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { guardOf } from '../auth/guard-tokens.ts'
import { drainToken } from '../config/guard.ts'
import type { AdminActions } from './actions.ts'
import { notFound, page, probePage } from './plain-pages.ts'
import type { Services } from '../runtime/runtime.ts'

const pathOf = (req: IncomingMessage): string => (req.url ?? '').split('?', 1)[0]!

const failed = page(500, 'text/plain', 'The log of the gateway says why.')

const withoutToken = page(401, 'text/plain', 'X-Bartizan-Drain is missing')
const withWrongToken = page(403, 'text/plain', 'X-Bartizan-Drain is not the token of this pod')
const drained = page(200, 'text/plain', 'drained')

/** The admin port: probes for the kubelet, status and withdrawals for the operator, the drain for the hook of the server's container. */
export function adminListener(services: Services, actions: AdminActions): RequestListener {
  // The pages for the operator are loaded with the first request for them: most gateways do not need them.
  const status = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { statusPage } = await import('./status-page.ts')
    statusPage(services, actions.guards(), actions.applied(), req)(res)
  }
  const drain = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const token = req.headers['x-bartizan-drain']
    if (typeof token !== 'string' || token === '') return withoutToken(res)
    if (!guardOf(actions.guards(), drainToken)(token)) return withWrongToken(res)
    await actions.drain()
    drained(res)
  }
  const withdraw = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { withdrawPage } = await import('./withdraw-page.ts')
    withdrawPage(services, actions, req, res)
  }
  const pages = new Map([
    ['GET /-/status', status],
    ['GET /-/drain', drain],
    ['POST /-/withdraw', withdraw],
  ])
  return (req, res) => {
    const path = pathOf(req)
    const answer = probePage(services, path)
    if (answer) return answer(res)
    const asked = pages.get(`${req.method} ${path}`)
    if (asked === undefined) return notFound(res)
    asked(req, res).catch((error: unknown) => {
      services.log.error('a page failed', { path, error: String(error) })
      if (!res.headersSent) failed(res)
    })
  }
}
