import type { X509Certificate } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Denial, MaybePromise, Principal } from '../exchange.ts'

/** A principal, and what proved it: enough to ask again after a reload, useless to those who read it. */
export type Identity = { readonly principal: Principal; readonly proof: string }

/** Three answers: an identity, `undefined` for "not mine", or a refusal. A technical failure is a refusal with a code of its own. */
export type Authentication = Identity | { readonly denied: Denial } | undefined

/** What a request brought to say who sent it. It goes no further than the authenticators, and never upstream. */
export type AuthenticationRequest = {
  readonly headers: IncomingHttpHeaders
  /** The one credential in its headers, if there is one: see `credentialOf`. */
  readonly credential: string | undefined
  /** The certificate of the client; undefined where it showed none. It is read from the connection when it is asked for. */
  readonly certificate: X509Certificate | undefined
  /** The address that the client dialled. */
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  /** The address that it came from. */
  readonly remoteAddress: string | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** How clients show what an authenticator accepts: for challenges, CORS and the texts of errors. */
export type AcceptedCredential = {
  /** What people call it, as in "Send exactly one API key". */
  readonly noun: string
  /** What is said to a client that shows none. */
  readonly requirement: string
  /** The same in short, as in "No OAuth here: send the API key as ...". */
  readonly hint: string
  /** What stands in `WWW-Authenticate` (RFC 9110 section 11.6.1). */
  readonly challenge: string
  /** The request headers that carry it. */
  readonly headers: readonly string[]
}

export type Authenticator = {
  readonly name: string
  /** Undefined for one that is not offered to clients. */
  readonly accepts?: AcceptedCredential
  /** Asked once for a request. What is not a promise is not waited for; one that rejects or does not settle in time refuses the request. */
  authenticate(request: AuthenticationRequest): MaybePromise<Authentication>
  /**
   * Would this identity be let in now? Asked for every open call after a reload and when its credential ends. Streams of a revoked caller end within
   * a second, so this answers from what is known and does not wait.
   */
  revalidate(identity: Identity, now: number): Authentication
  /** An identity that may dial the gateway by its bare address instead of an accepted Host. Asked before `authenticate`, in its place. */
  authenticateByAddress?(request: AuthenticationRequest): Identity | undefined
}
