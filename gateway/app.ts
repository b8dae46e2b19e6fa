import { createHmac } from 'node:crypto'
import { Hono } from 'hono'
import type { Services } from './runtime.ts'

/** The client port beside MCP. Without an issuer there are no OAuth documents: a 404 ends a client's search. */
export function clientApp(): Hono {
  const app = new Hono()
  // Clients show their users this text when they look for an OAuth server, so it says what to do.
  const error_description =
    'No OAuth here: send the API key as X-API-Key or Authorization: Bearer. MCP servers are at /mcp/<server>.'
  app.notFound(c => c.json({ error: 'not_found', error_description }, 404))
  return app
}

/** Ready: serving, and no server is known to be down. */
function unready(services: Services): string | undefined {
  if (services.phase() !== 'serving') return services.phase()
  const down = [...services.runtime().servers.values()].filter(({ health }) => health !== undefined && !health.healthy)
  return down.length > 0 ? `unhealthy: ${down.map(({ name }) => name).join(', ')}` : undefined
}

/**
 * The admin port. `/-/status` says which configuration runs, signed with a key that only this gateway and its operator have, so that nobody
 * else in the pod can claim it; `verify` judges the caller's token.
 */
export function adminApp(services: Services, signingKey: Buffer, verify: (token: string) => boolean): Hono {
  const app = new Hono()
  app.get('/-/livez', c => c.text('ok'))
  app.get('/-/readyz', c => {
    const why = unready(services)
    return why === undefined ? c.text('ok') : c.text(why, 503)
  })
  app.get('/-/status', c => {
    const token = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    if (token === undefined || !verify(token)) return c.json({ error: 'unauthorized' }, 401)
    const runtime = services.runtime()
    const body = JSON.stringify({
      instance: services.instance,
      configHash: runtime.hash,
      phase: services.phase(),
      openCalls: services.calls.size,
      servers: Object.fromEntries(
        [...runtime.servers].map(([name, { health, stopped }]) => [
          name,
          { stopped, healthy: health?.healthy ?? null },
        ]),
      ),
    })
    c.header('X-Bartizan-Signature', createHmac('sha256', signingKey).update(body).digest('hex'))
    c.header('Content-Type', 'application/json')
    return c.body(body)
  })
  return app
}
