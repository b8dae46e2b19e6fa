import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Reflector } from './reflector.ts'

/** What stands in the way, as sentences; nothing means well. */
export type HealthChecker = () => readonly string[]
export type HealthPage = { readonly status: number; readonly type: string; readonly body: string }
export type HealthServer = { readonly port: number; close(): Promise<void> }

/** `GET` of fixed paths and nothing else: `/livez` and `/readyz` on one port, `/metrics` perhaps on another. Rejects where it cannot listen. */
export async function serve(
  pages: Readonly<Record<string, () => HealthPage>>,
  port: number,
  host = '::',
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const page = Object.hasOwn(pages, request.url ?? '') ? pages[request.url ?? ''] : undefined
    if (page === undefined || request.method !== 'GET') return answer(response, plain(404, 'not found\n'))
    try {
      answer(response, page())
    } catch {
      answer(response, plain(500, 'the check itself failed\n'))
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise(resolve => (server.close(() => resolve()), server.closeAllConnections())),
  }
}

/** 200 `ok`, or 503 and the problems, one a line. */
export const checkPage = (check: HealthChecker) => (): HealthPage => {
  const problems = check()
  return problems.length === 0 ? plain(200, 'ok\n') : plain(503, `${problems.join('\n')}\n`)
}

export const metricsPage = (text: () => string) => (): HealthPage => ({
  status: 200,
  type: 'text/plain; version=0.0.4; charset=utf-8',
  body: text(),
})

/** Kinds from which nothing has been heard for so many milliseconds: no event, no bookmark, no list. "Healthy but idle" is not healthy. */
export const silentReflectors =
  (reflectors: readonly Reflector[], most: number): HealthChecker =>
  () =>
    reflectors
      .filter(({ age }) => age > most)
      .map(({ resource, age }) => `${resource.plural}: nothing heard for ${Math.round(age / 1000)} s`)

/** Kinds that have not been listed yet. */
export const unsyncedReflectors =
  (reflectors: readonly Reflector[]): HealthChecker =>
  () =>
    reflectors.filter(({ synced }) => !synced).map(({ resource }) => `${resource.plural}: not synced`)

const plain = (status: number, body: string): HealthPage => ({ status, type: 'text/plain; charset=utf-8', body })

function answer(response: ServerResponse, { status, type, body }: HealthPage): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}
