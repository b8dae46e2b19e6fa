import type { Authenticator } from '../auth/authenticator.ts'
import { keyAuthenticator } from '../auth/keys.ts'
import { authentications, type Authentications } from '../auth/index.ts'
import type { Lineage } from '../auth/lineage.ts'
import { operatorAuthenticator } from '../auth/operator.ts'
import type { Guards } from '../config/guard.ts'
import { keysHash } from '../config/hash.ts'
import type { GatewayConfig, KeysFile } from '../config/index.ts'
import { authenticators, guardFingerprint, type ClosableAuthenticator } from './long-lived.ts'
import type { Registry } from './registry.ts'
import type { WithdrawnKeys } from './withdrawn-keys.ts'

/** What authentication providers are made with. */
export type ProviderContext = {
  readonly registry: Registry
  /** Outlives configurations: a file that is older than what was withdrawn may still come. */
  readonly withdrawn: WithdrawnKeys
  readonly lineage: Lineage
  /** Whether `system:operator` may come in. */
  readonly operator: boolean
  /** Those that a program adds which embeds the gateway. */
  readonly embedded: readonly Authenticator[]
  guard(server: string): Guards
  /** Who answers for a credential, in the order in which they are asked. */
  providers(config: GatewayConfig, keys: KeysFile, context: ProviderContext): readonly Provider[]
}

/** An authentication provider as configured. While its fingerprint stays the same, reloads and withdrawals leave its authenticator alone. */
export type Provider = {
  readonly name: string
  readonly fingerprint: string
  /** False while there is no caller that it would let in: then a request without a credential is told how to configure one. */
  readonly isOpen: boolean
  make(): ClosableAuthenticator
}

function operatorProvider(context: ProviderContext): Provider {
  const guards = context.guard('_gateway')
  return {
    name: 'operator',
    fingerprint: guardFingerprint(guards),
    isOpen: false,
    make: () => operatorAuthenticator(guards),
  }
}

const keyProvider = (keys: KeysFile, { withdrawn, lineage }: ProviderContext): Provider => ({
  name: 'key',
  fingerprint: `${keysHash(keys)} ${withdrawn.revision}`,
  isOpen: keys.keys.length > 0,
  make() {
    const compiled = keys.keys.flatMap(key => withdrawn.compile(key))
    return keyAuthenticator(compiled, lineage.next(compiled))
  },
})

/** The order is the policy: the operator first, whose token is not the key of a caller. */
export const providersOf: ProviderContext['providers'] = (_config, keys, context) => [
  ...(context.operator ? [operatorProvider(context)] : []),
  // Several may have one name: two issuers of one kind of token.
  ...context.embedded.map((authenticator, at) => ({
    name: authenticator.name,
    fingerprint: `embedded ${at}`,
    isOpen: authenticator.accepts !== undefined,
    make: () => authenticator,
  })),
  keyProvider(keys, context),
]

const idOf = ({ name, fingerprint }: Provider) => ({ owner: '', fingerprint: `${name} ${fingerprint}` })

/** Asks the registry for the authenticators of all providers: part of a change of configuration. */
export function authenticationsOf(config: GatewayConfig, keys: KeysFile, context: ProviderContext): Authentications {
  const providers = context.providers(config, keys, context)
  return authentications(
    providers.map(provider => context.registry.use(authenticators, idOf(provider), () => provider.make())),
    providers.some(({ isOpen }) => isOpen),
  )
}

/** False when a secret of a provider has changed. */
export const areCurrent = (config: GatewayConfig, keys: KeysFile, context: ProviderContext): boolean =>
  context.providers(config, keys, context).every(provider => context.registry.has(authenticators, idOf(provider)))
