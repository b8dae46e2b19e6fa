import { isPromise } from '../evaluation/steps.ts'
import type { Denial, MaybePromise } from '../exchange.ts'
import { acceptedCredentials, type AcceptedCredentials } from './accepted.ts'
import type { Authentication, AuthenticationRequest, Authenticator, Identity } from './authenticator.ts'
import type { IncomingRequest } from './incoming-request.ts'

/** Who sent a request, or why it is refused. */
export type AuthenticationResult = Identity | { readonly denied: Denial }

export type Authentications = {
  /** What clients may show. */
  readonly accepted: AcceptedCredentials
  /** Who sent this request. */
  authenticate(request: IncomingRequest): MaybePromise<AuthenticationResult>
  /** Would an identity of an earlier configuration be let in again? */
  revalidate(identity: Identity, now: number): AuthenticationResult
  /** Who sent a request that names the bare address of the gateway as its Host; undefined for everyone who may not. */
  authenticateByAddress(request: IncomingRequest): Identity | undefined
}

const denied = (code: Denial['code']): AuthenticationResult => ({ denied: { stage: 'authenticate', code } })

/**
 * Asks the authenticators in order; the first that does not answer "not mine" has decided. With none configured every request is refused.
 *
 * @param anyCredential whether there is a credential that would be let in
 */
export function authentications(providers: readonly Authenticator[], anyCredential: boolean): Authentications {
  const unknown = denied(anyCredential ? 'Unauthenticated' : 'NoAuthentication')
  const byAddress = providers.filter(provider => 'authenticateByAddress' in provider)
  const firstOf = (request: AuthenticationRequest, from: number): MaybePromise<AuthenticationResult> => {
    for (let at = from; at < providers.length; at += 1) {
      const answer = providers[at]!.authenticate(request)
      if (isPromise(answer)) return waited(answer, request, at)
      if (answer) return answer
    }
    return unknown
  }
  const waited = async (
    answer: Promise<Authentication>,
    request: AuthenticationRequest,
    at: number,
  ): Promise<AuthenticationResult> => (await answer) ?? (await firstOf(request, at + 1))
  return {
    accepted: acceptedCredentials(providers.flatMap(({ accepts }) => accepts ?? [])),
    authenticate: request => (request.hasConflict ? denied('CredentialConflict') : firstOf(request, 0)),
    revalidate(identity, now) {
      for (const provider of providers) {
        const answer = provider.revalidate(identity, now)
        if (answer) return answer
      }
      return unknown
    },
    authenticateByAddress(request) {
      if (request.hasConflict) return undefined
      for (const provider of byAddress) {
        const identity = provider.authenticateByAddress?.(request)
        if (identity) return identity
      }
      return undefined
    },
  }
}
