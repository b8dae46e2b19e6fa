import { hash } from 'node:crypto'
import { operatorToken, type Guards } from '../config/guard.ts'
import type { Grants, Principal } from '../exchange.ts'
import type { AuthenticationRequest, Authenticator, Identity } from './authenticator.ts'
import { guardOf } from './guard-tokens.ts'

/** It may find out what a server is, and nothing else. */
const grants: Grants = {
  expiresAt: Number.POSITIVE_INFINITY,
  allowsScope: scope => scope === 'handshake',
  allowsServer: () => true,
  allowsTool: () => true,
}

const principal: Principal = { provider: 'operator', subject: 'system:operator', id: 'operator', grants }

/**
 * The operator that looks whether a server really answers through its gateway. Its token comes from the guard secret and fits this one gateway;
 * who is not of the length of a token is not hashed for it.
 */
export function operatorAuthenticator(guards: Guards): Authenticator {
  const derived = guardOf(guards, operatorToken)
  const { length } = operatorToken(guards[0])
  const proofs = new Set(guards.map(guard => hash('sha256', operatorToken(guard), 'hex')))
  const identity = (proof: string): Identity | undefined => (proofs.has(proof) ? { principal, proof } : undefined)
  const authenticate = ({ credential }: AuthenticationRequest): Identity | undefined =>
    credential?.length === length && derived(credential) ? identity(hash('sha256', credential, 'hex')) : undefined
  return {
    name: 'operator',
    authenticate,
    // It dials the pod, which has no name.
    authenticateByAddress: authenticate,
    revalidate: ({ principal: { provider }, proof }) => (provider === 'operator' ? identity(proof) : undefined),
  }
}
