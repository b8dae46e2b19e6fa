import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { keySecrets } from '../accept/accept-keys.ts'
import type { AcceptedNamespace } from '../accept/accept-namespace.ts'
import { guardName } from '../model/names.ts'
import type { Reason } from '../model/reasons.ts'
import type { SecretFact, ServerSnapshot, Snapshot } from '../model/snapshot.ts'

export type SecretUse = NonNullable<MCPServerSpec['secrets']>[number]

/** A variable of the server that gets its value from a key of a Secret. */
export type SecretVariable = { readonly variable: string; readonly secret: string; readonly key: string }

type SecretSource = Pick<ServerSnapshot, 'standalone' | 'namespace' | 'secrets'>

export type UnresolvedRef = { readonly reason: Reason; readonly text: string }

export type ResolvedSecrets = {
  readonly variables: readonly SecretVariable[]
  readonly missing: readonly UnresolvedRef[]
}

/** Names of the Secrets that Bartizan made, for gateways and callers: no server gets them. */
export type ReservedSecrets = ReadonlySet<string>

/** The Secrets of gateways and of generated keys, and all that carry the label of Bartizan, whatever they are for. */
export function reservedSecrets({ servers, keys }: AcceptedNamespace, snapshot: Snapshot): ReservedSecrets {
  const guards = servers.map(server => guardName(server.document.name))
  const { secrets, namespace } = snapshot
  const owned = secrets.filter(one => one.owned === true && one.namespace === namespace).map(one => one.name)
  return new Set([...guards, ...keySecrets(keys, snapshot), ...owned])
}

/** The uses that are granted. */
export const grantedUses = (spec: MCPServerSpec, reserved: ReservedSecrets): SecretUse[] =>
  (spec.secrets ?? []).filter(use => !reserved.has(use.name))

/** Key that a use means: the one it names, else the only one, else the one named like the variable. */
function keyOf(use: SecretUse, secret: SecretFact): string | undefined {
  const wanted = use.key ?? (secret.keys.length === 1 ? secret.keys[0]! : use.envVar)
  return wanted !== undefined && secret.keys.includes(wanted) ? wanted : undefined
}

function missing(use: SecretUse, secret: SecretFact | undefined, reserved: boolean): UnresolvedRef | undefined {
  if (reserved)
    return { reason: 'SecretReserved', text: `Secret ${use.name} belongs to Bartizan and is given to no server` }
  if (!secret) {
    return {
      reason: 'SecretNotFound',
      text: `there is no Secret ${use.name}: create it in the namespace of the server`,
    }
  }
  const wholeFolder = use.envVar === undefined && use.key === undefined
  if (wholeFolder || keyOf(use, secret) !== undefined) return undefined
  const keys = secret.keys.length > 0 ? `it has ${[...secret.keys].sort().join(', ')}` : 'it is empty'
  const text =
    use.key === undefined
      ? `Secret ${use.name} has several keys and none is called ${use.envVar}: say which with key (${keys})`
      : `Secret ${use.name} has no key ${use.key} (${keys})`
  return { reason: 'SecretKeyNotFound', text }
}

/** The Secrets with which the image is pulled. Without a cluster nothing is pulled. */
function pullProblems(
  { imagePullSecrets }: MCPServerSpec,
  snapshot: SecretSource,
  reserved: ReservedSecrets,
): UnresolvedRef[] {
  if (snapshot.standalone) return []
  return (imagePullSecrets ?? []).flatMap(({ name }) => {
    const fact = snapshot.secrets.find(secret => secret.name === name && secret.namespace === snapshot.namespace)
    const use = { name, mountPath: '/' }
    return missing(use, fact, reserved.has(name)) ?? []
  })
}

/**
 * Finds the Secrets that a server names. What is missing is told, and its variables still get the key that is most likely meant: in a cluster
 * the pod then waits for the Secret, as pods do.
 */
export function resolveSecrets(
  spec: MCPServerSpec,
  snapshot: SecretSource,
  reserved: ReservedSecrets,
): ResolvedSecrets {
  const uses = (spec.secrets ?? []).map(use => {
    const fact = snapshot.secrets.find(secret => secret.name === use.name && secret.namespace === snapshot.namespace)
    const isReserved = reserved.has(use.name)
    return { use, isReserved, key: fact && keyOf(use, fact), missing: missing(use, fact, isReserved) }
  })
  return {
    variables: uses.flatMap(({ use, isReserved, key }) =>
      use.envVar === undefined || isReserved
        ? []
        : [{ variable: use.envVar, secret: use.name, key: key ?? use.key ?? use.envVar }],
    ),
    missing: [...uses.flatMap(use => use.missing ?? []), ...pullProblems(spec, snapshot, reserved)],
  }
}

/** How a secret slot of the standalone gateway is spelled; the caller keeps the values in memory. */
export const secretFilePath = (namespace: string, name: string, key: string): string =>
  `secret/${namespace}/${name}/${key}`
