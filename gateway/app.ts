import { createHmac } from 'node:crypto'
import { Hono } from 'hono'
import type { Services } from './runtime.ts'

/**
 * What the admin port tells its operator. `/-/status` says which configuration runs, signed with a key that only this gateway and its operator
 * have, so that nobody else in the pod can claim it; `verify` judges the caller's token.
 */
export function adminApp(services: Services, signingKey: Buffer, verify: (token: string) => boolean): Hono {
  const app = new Hono()
  app.get('/-/status', c => {
    const token = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    if (token === undefined || !verify(token)) return c.json({ error: 'unauthorized' }, 401)
    const runtime = services.runtime()
    const servers = [...runtime.servers].map(([name, { health, stopped }]) => [
      name,
      { stopped, healthy: health?.healthy ?? null },
    ])
    const body = JSON.stringify({
      instance: services.instance,
      configHash: runtime.hash,
      phase: services.phase(),
      openCalls: services.calls.size,
      servers: Object.fromEntries(servers) as Record<string, unknown>,
    })
    c.header('X-Bartizan-Signature', createHmac('sha256', signingKey).update(body).digest('hex'))
    c.header('Content-Type', 'application/json')
    return c.body(body)
  })
  return app
}

/** The metrics port. The client library costs memory that a gateway without a scraper need not pay, so it comes with the first scrape. */
export function metricsApp(services: Services): Hono {
  const app = new Hono()
  let render: (() => Promise<string>) | undefined
  app.get('/metrics', async c => {
    render ??= (await import('./exposition.ts')).exposition(services)
    return c.text(await render(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' })
  })
  return app
}
