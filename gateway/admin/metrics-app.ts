import { Hono } from 'hono'
import type { Services } from '../runtime/runtime.ts'

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
