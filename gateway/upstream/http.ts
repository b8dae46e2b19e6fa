import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector, Pool, type Dispatcher } from 'undici'
import type { AddressJudge } from './address.ts'
import type { Upstream, UpstreamCall, UpstreamRequest, UpstreamSink } from './upstream.ts'

/** An address that must not be dialled. */
class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED'
}

/** Resolves a name; Node's own resolver unless a test plays a hostile DNS. */
export type Resolve = (hostname: string, done: (error: Error | null, addresses: LookupAddress[]) => void) => void

const systemResolve: Resolve = (hostname, done) => systemLookup(hostname, { all: true, verbatim: true }, done)

/** A lookup for `net.connect` that refuses the whole name when one of its addresses is refused: a name with two faces is not a friend. */
const judgedLookup =
  (judge: AddressJudge, resolve: Resolve): LookupFunction =>
  (hostname, options, done) =>
    resolve(hostname, (error, addresses) => {
      if (error) return done(error, [])
      const reason = addresses.map(({ address }) => judge(hostname, address)).find(text => text !== undefined)
      const first = addresses[0]
      if (reason !== undefined || !first) return done(new AddressRefused(reason ?? 'no address'), [])
      return options.all ? done(null, addresses) : done(null, first.address, first.family)
    })

/** `net.connect` looks names up but dials literals at once, so literals are judged here. */
function judgedConnector(judge: AddressJudge, resolve: Resolve): buildConnector.connector {
  const connect = buildConnector({
    allowH2: false,
    timeout: 10_000,
    lookup: judgedLookup(judge, resolve),
  })
  return (options, done) => {
    const literal = options.hostname.replace(/^\[|\]$/g, '')
    const reason = isIP(literal) === 0 ? undefined : judge(literal, literal)
    if (reason !== undefined) done(new AddressRefused(reason), null)
    else connect(options, done)
  }
}

/** How long a server may take to hear what it is told, and an upstream to close for it. Milliseconds. */
const telling = 2_000

class CancelledByCaller extends Error {}

class HttpCall implements Dispatcher.DispatchHandler, UpstreamCall {
  readonly #sink: UpstreamSink
  #controller: Dispatcher.DispatchController | undefined
  #over = false

  constructor(sink: UpstreamSink) {
    this.#sink = sink
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(new CancelledByCaller())
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (!this.#over && status >= 200) this.#sink.head(status, headers)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) this.#sink.data(chunk)
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#over = true
    this.#sink.end()
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#over) return
    this.#over = true
    const refused = error instanceof AddressRefused || error.cause instanceof AddressRefused
    this.#sink.fail(refused ? 'UpstreamAddressRefused' : 'UpstreamUnreachable', error.message)
  }

  cancel(): void {
    if (this.#over) return
    this.#over = true
    this.#controller?.abort(new CancelledByCaller())
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }
}

/**
 * A server across a socket. Every address is judged when it is dialled, redirects are never followed, nothing is retried, and no timer of the
 * client cuts a silent stream: the calls have their own clocks.
 */
export function httpUpstream(url: string, judge: AddressJudge, resolve: Resolve = systemResolve): Upstream {
  const target = new URL(url)
  const path = target.pathname + target.search
  const pool = new Pool(target.origin, {
    connect: judgedConnector(judge, resolve),
    allowH2: false,
    connections: null,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const open = (request: UpstreamRequest, sink: UpstreamSink): UpstreamCall => {
    const call = new HttpCall(sink)
    pool.dispatch(
      {
        path,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        idempotent: false,
        blocking: false,
      },
      call,
    )
    return call
  }
  const told = new Set<Promise<void>>()
  return {
    open,
    notify(request) {
      const heard = notifyOnce(sink => open(request, sink)).finally(() => told.delete(heard))
      told.add(heard)
    },
    async close() {
      await Promise.all(told)
      await pool.destroy()
    },
  }
}

/** Resolves when the server has heard it, or will not. */
function notifyOnce(open: (sink: UpstreamSink) => UpstreamCall): Promise<void> {
  return new Promise(resolve => {
    let call: UpstreamCall | undefined
    const timer = setTimeout(() => {
      call?.cancel()
      resolve()
    }, telling).unref()
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    call = open({ head: () => undefined, data: () => undefined, end: done, fail: done, refuse: done })
  })
}
