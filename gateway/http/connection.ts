import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'

/** How much of an unwanted body is read, and for how long, before the connection is closed under it. Bytes, milliseconds. */
export type Patience = { readonly bytes: number; readonly milliseconds: number }

/** For strangers. To close at once would lose the answer: a connection that is closed with something unread is reset. */
const forStrangers: Patience = { bytes: 64 * 1024, milliseconds: 1_000 }

/** For callers who are known: some clients send all of a body before they look at the answer. */
const forCallers: Patience = { bytes: 16 * 1024 * 1024, milliseconds: 5_000 }

/** What Node's parser calls with each head; 2 means that the rest of what has arrived is not parsed. */
type Parser = { onIncoming?: ((req: IncomingMessage & { upgrade?: boolean }, keepAlive: boolean) => number) | null }

const carried = Symbol('connection')
type Carrier = Duplex & { [carried]?: Connection }

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

const ignore = (): void => undefined

/**
 * One connection of a client: one request at a time, and a certain end.
 *
 * Node parses and hands out every request that has arrived, however many answers before it are open, and keeps all of them; there is no option
 * against it. So a client that sends a second request before the first is answered has sent the last one: the first is answered, what follows is not
 * read (decision 45).
 */
export class Connection {
  /** Who was let in by it last; undefined: no one was. */
  principal: string | undefined
  /** As the network knows it; TLS has another above. */
  readonly raw: Socket
  /** Under whose count it stands. */
  readonly source: string
  #socket: Socket
  /** The answer that a connection is at, and with it the request. */
  #res: ServerResponse | undefined
  #patience = forStrangers
  #looks = 0
  #last = false
  #halted = false
  #parting = false

  /** A request is not kept longer than its answer: it is several KB, and most connections are at rest most of the time. */
  readonly #closed = (): void => {
    if (this.#res?.closed === true) this.#res = undefined
  }

  constructor(raw: Socket, source: string) {
    this.raw = raw
    this.source = source
    this.#socket = raw
  }

  /** Takes charge of the socket on which Node serves, before the first byte is parsed. */
  attach(socket: Socket): void {
    this.#socket = socket
    ;(socket as Carrier)[carried] = this
    // After CONNECT Node has no listener any more, and an error without one ends the process.
    socket.on('error', ignore)
    // Node calls it when an answer was the last one.
    socket.destroySoon = () => this.part()
    const { parser } = socket as Socket & { parser?: Parser | null }
    const take = parser?.onIncoming
    // A Node that does this differently serves nothing, rather than without this gate.
    if (!parser || !take) return this.destroy()
    parser.onIncoming = (req, keepAlive) => {
      if (this.#mayTake()) return take(req, keepAlive)
      // CONNECT would take the socket away from the answer that is open.
      req.upgrade = false
      return 2
    }
  }

  /** Is an answer open, or on its way? */
  get busy(): boolean {
    return this.#res !== undefined
  }

  serve(res: ServerResponse): void {
    this.#res = res
    this.#looks = 0
    this.#patience = forStrangers
    res.on('close', this.#closed)
  }

  /** All is said, and the client does not take it: true after that many looks at the same answer. */
  isStuck(looks: number): boolean {
    const res = this.#res
    this.#looks = res?.writableEnded === true && !res.writableFinished ? this.#looks + 1 : 0
    return this.#looks > looks
  }

  /** There is no request after this one: it is answered, then the connection ends. */
  last(): void {
    if (this.#last) return
    this.#last = true
    this.#halt()
    const res = this.#res
    if (!res) return this.part()
    if (res.headersSent) res.once('finish', () => this.part())
    else res.shouldKeepAlive = false
  }

  /** An unwanted body is read to a bound, so that the answer to it arrives; `known`: its sender was let in. */
  discard(known: boolean): void {
    if (known) this.#patience = forCallers
    const res = this.#res!
    res.shouldKeepAlive = false
    let read = 0
    res.req.on('data', (chunk: Buffer) => {
      read += chunk.length
      if (read > this.#patience.bytes) this.#halt()
    })
    res.req.resume()
  }

  /** What came is no request, or did not come in time. `answer` is for the sender. */
  broken(answer: string): void {
    if (this.#parting) return
    // Behind a request that is complete; its answer is on the way, and nothing may stand in it.
    if (this.busy && (this.#res!.req.complete || this.#res!.headersSent)) return this.last()
    if (!this.#socket.writable) return this.destroy()
    this.#socket.write(answer)
    this.#halt()
    this.part()
  }

  /** Ends the connection: what was written still leaves, what comes is discarded to a bound, and then it is closed, whatever the peer does. */
  part(): void {
    if (this.#parting) return
    this.#parting = true
    this.#last = true
    const socket = this.#socket
    const timer = setTimeout(() => this.destroy(), this.#patience.milliseconds)
    socket.once('close', () => clearTimeout(timer))
    const unread = this.#halted || this.#res?.req.complete !== true
    socket.end(unread ? undefined : () => this.destroy())
  }

  destroy(): void {
    this.#socket.destroy()
    this.raw.destroy()
  }

  #mayTake(): boolean {
    if (this.#last) return false
    if (!this.busy || this.#wasSaid()) return true
    this.last()
    return false
  }

  /** TLS tells a moment later that an answer was written, and its client may be faster: one more may wait for that. */
  #wasSaid(): boolean {
    const res = this.#res!
    return this.#socket !== this.raw && res.writableEnded && res.socket !== null
  }

  /** Reads no more. What is left stays with the kernel, and its sender has to wait. */
  #halt(): void {
    if (this.#halted) return
    this.#halted = true
    const socket = this.#socket
    socket.pause()
    // Node resumes a socket whenever a request of it is read.
    socket.resume = () => socket
  }
}

/** The connection of a socket that is served. */
export const connectionOf = (socket: Duplex): Connection | undefined => (socket as Carrier)[carried]
