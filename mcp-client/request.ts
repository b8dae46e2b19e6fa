import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'

export type McpHttpRequest = {
  readonly method: Dispatcher.HttpMethod
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

export type ResponseHead = { readonly status: number; readonly headers: IncomingHttpHeaders }

/** Takes an answer as it comes. What is thrown here ends the exchange and is what it rejects with. */
export type ResponseHandler = {
  head?(head: ResponseHead): void
  /** Whether this was enough; the rest is not read. */
  data(chunk: Buffer): boolean
}

/** The answer is longer than the caller is ready to read. */
export class ResponseTooLong extends Error {
  override name = 'ResponseTooLong'
}

/** The answer is short, and would be large in memory. */
export class TooManyValues extends ResponseTooLong {
  override name = 'TooManyValues'
}

/** How many bytes of answers are read, in all that are asked with it. */
export class ByteBudget {
  readonly #most: number
  #left: number

  constructor(limit: number) {
    this.#most = limit
    this.#left = limit
  }

  /** @throws ResponseTooLong */
  spend(bytes: number): void {
    this.#left -= bytes
    if (this.#left < 0) throw this.#tooLong()
  }

  /**
   * What says beforehand that it is too long is not read at all.
   * @throws ResponseTooLong
   */
  expect(length: string | undefined): void {
    if (Number(length ?? 0) > this.#left) throw this.#tooLong()
  }

  #tooLong(): ResponseTooLong {
    return new ResponseTooLong(`the answer is longer than ${this.#most} bytes`)
  }
}

class EnoughRead extends Error {}

/** One exchange. Nothing of the answer is kept here: each chunk is handed on while it is in the hands of the parser. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #handler: ResponseHandler
  readonly #signal: AbortSignal
  readonly #done = Promise.withResolvers<ResponseHead>()
  #controller: Dispatcher.DispatchController | undefined
  #head: ResponseHead | undefined
  #isOver = false

  constructor(handler: ResponseHandler, signal: AbortSignal) {
    this.#handler = handler
    this.#signal = signal
    if (signal.aborted) this.#abort()
    else signal.addEventListener('abort', this.#abort)
  }

  get answer(): Promise<ResponseHead> {
    return this.#done.promise
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isOver) controller.abort(new EnoughRead())
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#isOver || status < 200) return
    this.#head = { status, headers }
    this.#try(() => this.#handler.head?.({ status, headers }))
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return
    this.#try(() => {
      if (!this.#handler.data(chunk)) return
      this.#end(() => this.#done.resolve(this.#head!))
      this.#controller?.abort(new EnoughRead())
    })
  }

  onResponseEnd(): void {
    this.#end(() => this.#done.resolve(this.#head!))
  }

  onResponseError(_: unknown, error: Error): void {
    this.#end(() => this.#done.reject(error))
  }

  #try(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#fail(error)
    }
  }

  readonly #abort = (): void => this.#fail(this.#signal.reason)

  #fail(reason: unknown): void {
    this.#end(() => this.#done.reject(reason))
    this.#controller?.abort(new EnoughRead())
  }

  #end(settle: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#signal.removeEventListener('abort', this.#abort)
    settle()
  }
}

/** Asks, and hands the answer over as it comes. Redirects are not followed, and nothing is asked twice. */
export function request(
  client: Dispatcher,
  question: McpHttpRequest,
  handler: ResponseHandler,
  signal: AbortSignal,
): Promise<ResponseHead> {
  const exchange = new Exchange(handler, signal)
  const { method, path, headers, body = null } = question
  client.dispatch({ method, path, headers, body }, exchange)
  return exchange.answer
}
