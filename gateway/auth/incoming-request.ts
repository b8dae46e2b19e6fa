import type { X509Certificate } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { AuthenticationRequest } from './authenticator.ts'
import { credentialOf } from './credential.ts'

/** A request of Node as authenticators see it. What is seldom needed is read when it is asked for. */
export class IncomingRequest implements AuthenticationRequest {
  readonly headers: IncomingHttpHeaders
  readonly now: number
  readonly credential: string | undefined
  /** Two credentials that differ. */
  readonly hasConflict: boolean
  readonly #socket: Socket

  constructor({ headers, socket }: IncomingMessage, now: number) {
    const credential = credentialOf(headers)
    this.headers = headers
    this.now = now
    this.credential = 'value' in credential ? credential.value : undefined
    this.hasConflict = 'conflict' in credential
    this.#socket = socket
  }

  get certificate(): X509Certificate | undefined {
    return 'getPeerX509Certificate' in this.#socket ? (this.#socket as TLSSocket).getPeerX509Certificate() : undefined
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress
  }

  get localPort(): number | undefined {
    return this.#socket.localPort
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }
}
