import { Agent as PlainAgent, request as plainRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import type { ApiRequest, ApiResponse } from './http-exchange.ts'
import { notLeader } from './not-leader.ts'

type Settings = {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly sockets: number
  mayWrite(): boolean
}

/**
 * Writes that cannot happen after another process has begun to. A process can be frozen between any look at its right and the system call that sends, so no
 * look alone is enough: the head goes first, and the body, without which nothing happens, only when the server has said that it waits for it (100-continue,
 * RFC 9110, 10.1.1) and the right is still there. The server's time for the request, which runs from the head on, ends before another may write.
 */
export class FencedSender {
  readonly #settings: Settings
  readonly #agents: { readonly 'http:': PlainAgent; readonly 'https:': TlsAgent }
  readonly #open = new Set<(error: Error) => void>()

  constructor(settings: Settings) {
    this.#settings = settings
    const { sockets, ca, cert, key } = settings
    const options = { keepAlive: true, keepAliveMsecs: 30_000, timeout: 30_000, maxSockets: sockets }
    this.#agents = {
      'http:': new PlainAgent(options),
      'https:': new TlsAgent({ ...options, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }),
    }
  }

  /** The answer, as soon as its head is there. Throws NotLeader where the right was gone; the reason of the signal's abort. */
  send(url: string, { method, headers, body, signal }: ApiRequest & { readonly body: string }): Promise<ApiResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<ApiResponse>()
    const { request, agent } = this.#agentFor(url)
    const length = { expect: '100-continue', 'content-length': String(Buffer.byteLength(body)) }
    const call: ClientRequest = request(url, { method, agent, headers: { ...headers, ...length } })
    // A request that waits for a socket emits no event when it is destroyed.
    const end = (error: unknown): void => {
      reject(error)
      call.destroy(error as Error)
    }
    const abort = (): void => end(signal.reason)
    const checkRight = (): void => {
      if (!this.#settings.mayWrite()) end(notLeader())
    }
    this.#open.add(end)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    call.prependListener('socket', checkRight)
    call.on('continue', () => {
      checkRight()
      if (!call.destroyed) call.end(body)
    })
    call.on('response', message => resolve(answerOf(call, message)))
    call.on('error', reject)
    call.on('close', () => {
      reject(new Error('the connection was closed'))
      signal.removeEventListener('abort', abort)
      this.#open.delete(end)
    })
    return promise
  }

  /** Ends every request that is under way or waits. */
  close(error: Error): void {
    for (const end of this.#open) end(error)
    this.retire()
  }

  /** No socket is kept for later any more; what runs on one ends in its own time. */
  retire(): void {
    for (const agent of Object.values(this.#agents)) {
      agent.maxFreeSockets = 0
      for (const idle of Object.values(agent.freeSockets).flat()) idle?.destroy()
    }
  }

  #agentFor(url: string) {
    return url.startsWith('https:')
      ? { request: tlsRequest, agent: this.#agents['https:'] }
      : { request: plainRequest, agent: this.#agents['http:'] }
  }
}

function answerOf(call: ClientRequest, message: IncomingMessage): ApiResponse {
  const read = async (): Promise<string> => {
    try {
      return await text(message)
    } finally {
      // A refusal may have come without the body having been asked for; its socket can take nothing else.
      if (!call.writableEnded) call.destroy()
    }
  }
  const { statusCode = 0, headers } = message
  return { statusCode, headers, body: Object.assign(message, { text: read, dump: read }) }
}
