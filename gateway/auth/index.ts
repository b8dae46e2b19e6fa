import type { IncomingHttpHeaders } from 'node:http'
import type { Denial } from '../exchange.ts'
import type { Authenticator, Identity } from './authenticator.ts'
import { credentialOf } from './credential.ts'

export type Admitted = Identity | { readonly denied: Denial }

export type Authentications = {
  /** Who sent this request. */
  authenticate(headers: IncomingHttpHeaders, now: number): Admitted
  /** Would an identity of an earlier configuration be let in again? */
  revalidate(identity: Identity, now: number): Admitted
}

const denied = (code: Denial['code']): Admitted => ({ denied: { stage: 'authenticate', code } })

/** Asks the authenticators in order; the first that does not answer "not mine" has decided. With none configured nobody comes in. */
export function authentications(providers: readonly Authenticator[], anyCredential: boolean): Authentications {
  const unknown = denied(anyCredential ? 'Unauthenticated' : 'NoAuthentication')
  return {
    authenticate(headers, now) {
      const credential = credentialOf(headers)
      if ('conflict' in credential) return denied('CredentialConflict')
      if ('none' in credential) return unknown
      for (const provider of providers) {
        const answer = provider.authenticate(credential.value, now)
        if (answer) return answer
      }
      return unknown
    },
    revalidate(identity, now) {
      for (const provider of providers) {
        const answer = provider.revalidate(identity, now)
        if (answer) return answer
      }
      return unknown
    },
  }
}
