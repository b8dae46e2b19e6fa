import type { ServerResponse } from 'node:http'
import type { Respond } from './scripted-upstream.ts'

type Request = { readonly id?: number; readonly method?: string; readonly params?: { readonly cursor?: string } }

/** A request for a page of the list, and how to answer it. */
export type ListPage = {
  readonly cursor: string | undefined
  /** Sends a result as JSON, in one piece. */
  readonly json: (result: unknown) => void
  readonly id: number
  readonly res: ServerResponse
}

/** A server that is well but for its list of tools. `opened` is what `initialize` gives back beside what it has to. */
export const listing =
  (page: (page: ListPage) => void, opened: object = {}, headers: Readonly<Record<string, string>> = {}): Respond =>
  ({ body }, res) => {
    const { id, method, params } = JSON.parse(body.toString() || '{}') as Request
    if (id === undefined) return void res.writeHead(202).end()
    const json = (answer: object): void => {
      res.writeHead(200, { 'content-type': 'application/json', ...headers })
      res.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
    }
    if (method === 'initialize')
      return json({
        result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, ...opened },
      })
    if (method !== 'tools/list') return json({ error: { code: -32_601, message: 'Method not found' } })
    page({ cursor: params?.cursor, json: result => json({ result }), id, res })
  }

/** Sends pieces one after the other for as long as they are read. */
export function pour(res: ServerResponse, piece: () => Buffer | string | undefined): void {
  const next = (): void => {
    if (res.destroyed) return
    const sent = piece()
    if (sent === undefined) res.end()
    else if (res.write(sent)) setImmediate(next)
    else res.once('drain', next)
  }
  next()
}
