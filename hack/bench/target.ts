import { setTimeout as sleep } from 'node:timers/promises'

/** What is loaded: the upstream itself, nginx before it, or the gateway before it. */
export type Target = {
  readonly name: TargetName
  readonly url: string
  /** Value of X-API-Key; empty where nothing asks for one. */
  readonly key: string
  /** The process whose CPU time is counted; `direct` has none. */
  readonly pid?: number
  stop(): Promise<void>
}

export const targetNames = ['direct', 'nginx', 'bartizan'] as const
export type TargetName = (typeof targetNames)[number]

/** A tools/call of the revision 2026-07-28. */
const callOf = (city: string): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: 'small',
      arguments: { city },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
      },
    },
  })

/** Waits until a call through the target gives the upstream's result. Nothing is measured before that was seen. */
export async function answers(target: Pick<Target, 'name' | 'url' | 'key'>, limit = 10_000): Promise<void> {
  const end = Date.now() + limit
  let last = 'no answer'
  while (Date.now() < end) {
    last = await attempt(target).catch((error: unknown) => String(error))
    if (last === '') return
    await sleep(5)
  }
  throw new Error(`${target.name} does not answer: ${last}`)
}

async function attempt(target: Pick<Target, 'url' | 'key'>): Promise<string> {
  const { status, text } = await askOnce(target, 'Lisbon')
  return isResult({ status, text }) ? '' : `${status} ${text}`
}

export type Asked = { readonly status: number; readonly text: string }

export const isResult = ({ status, text }: Asked): boolean => status === 200 && text.includes('"isError":false')

/** One call on a connection of its own. */
export async function askOnce({ url, key }: Pick<Target, 'url' | 'key'>, city: string): Promise<Asked> {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'small',
    connection: 'close',
    ...(key === '' ? {} : { 'x-api-key': key }),
  }
  const answer = await fetch(url, { method: 'POST', headers, body: callOf(city), redirect: 'error' })
  return { status: answer.status, text: await answer.text() }
}
