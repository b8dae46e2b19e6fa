import type { EffectiveKey, EffectiveObject } from './effective.ts'
import { bounded, type StatusCondition } from '../model/condition.ts'
import type { Generate } from '../model/desired.ts'
import { withoutDuplicates } from './duplicates.ts'
import { digestSecretName } from '../model/names.ts'
import type { GeneratedKey } from '../model/observed.ts'
import { byAge } from './seniority.ts'
import type { Snapshot } from '../model/snapshot.ts'

const generation = ({ generation }: EffectiveObject['document']): Pick<StatusCondition, 'observedGeneration'> =>
  generation === undefined ? {} : { observedGeneration: generation }

const fetchCommand = (namespace: string, secret: string): string =>
  `kubectl -n ${namespace} get secret ${secret} -o jsonpath='{.data.api-key}' | base64 -d`

/** What became of a key that is made here. */
function generatedCondition(
  { document }: EffectiveObject<'APIKey'>,
  secretName: string,
  fact: GeneratedKey | undefined,
): StatusCondition {
  const part = (
    status: StatusCondition['status'],
    reason: StatusCondition['reason'],
    message: string,
  ): StatusCondition => ({
    type: 'Generated',
    status,
    reason,
    message: bounded(message),
    ...generation(document),
  })
  if (fact?.problem) return part('False', fact.problem.reason, fact.problem.message)
  if (fact?.digest === undefined)
    return part('Unknown', 'Generating', `The key is being made for Secret ${secretName}.`)
  if (fact.collected === true)
    return part('True', 'Collected', `The key was collected: Secret ${secretName} is gone, and the digest is kept.`)
  const command = fetchCommand(document.namespace, secretName)
  return part('True', 'KeyReady', `Secret ${secretName} holds the key: ${command}; then delete the Secret.`)
}

type Claim = { readonly secretName: string; readonly why: string }

type KeyClaims = {
  /** Secrets of gateways and digests. */
  readonly reserved: ReadonlySet<string>
  /** The key that has a Secret, or is to have it, by the name of the Secret. */
  readonly holders: ReadonlyMap<string, string>
  readonly facts: ReadonlyMap<string, GeneratedKey>
}

/** What is known of the making of each key; what was made for a former object of its name is not the key's. */
function factsOf(keys: readonly EffectiveObject<'APIKey'>[], { generated = [] }: Snapshot): Map<string, GeneratedKey> {
  const uids = new Map(keys.map(({ document }) => [document.name, document.uid]))
  const own = generated.filter(({ apiKey, uid }) => uid === undefined || uid === uids.get(apiKey))
  return new Map(own.map(fact => [fact.apiKey, fact]))
}

const requestedSecret = ({ spec }: EffectiveObject<'APIKey'>): string | undefined => spec?.generate?.secretName

/** Whether the key was made and handed out under the name that it asks for: whatever others name now, it is there. */
function isMade(object: EffectiveObject<'APIKey'>, facts: KeyClaims['facts']): boolean {
  const fact = facts.get(object.document.name)
  return fact?.digest !== undefined && (fact.secretName ?? requestedSecret(object)) === requestedSecret(object)
}

/** Of several keys that ask for one Secret the first has it: one that was made before all that were not, then the oldest. */
function holdersOf(keys: readonly EffectiveObject<'APIKey'>[], facts: KeyClaims['facts']): Map<string, string> {
  const holders = new Map<string, string>()
  const sorted = keys.toSorted((a, b) => byAge(a.document, b.document))
  for (const key of [...sorted.filter(one => isMade(one, facts)), ...sorted]) {
    const secretName = requestedSecret(key)
    if (secretName !== undefined && !holders.has(secretName)) holders.set(secretName, key.document.name)
  }
  return holders
}

/** Why a key cannot have the Secret that it names: it belongs to a gateway, keeps a digest, or is that of another key. */
function claimed(object: EffectiveObject<'APIKey'>, secretName: string, claims: KeyClaims): Claim | undefined {
  const holder = claims.holders.get(secretName) ?? ''
  if (holder !== object.document.name) return { secretName, why: `is that of APIKey ${holder}, which came first` }
  const isReserved = claims.reserved.has(secretName) && !isMade(object, claims.facts)
  return isReserved ? { secretName, why: 'belongs to Bartizan itself' } : undefined
}

function denied(
  object: EffectiveObject<'APIKey'>,
  { secretName, why }: Claim,
  isKept: boolean,
): EffectiveObject<'APIKey'> {
  const holds = isKept ? 'the key that was made before stays valid' : 'no key is generated'
  const message = `spec.generate.secretName: Secret ${secretName} ${why}: choose another name (${holds})`
  return { ...object, accepted: { ...object.accepted, status: 'False', reason: 'SecretReserved', message } }
}

const generateOf = ({ document }: EffectiveObject<'APIKey'>, secretName: string, isDenied: boolean): Generate => ({
  apiKey: document.name,
  ...(document.uid !== undefined && { uid: document.uid }),
  secretName,
  digestSecret: digestSecretName(document.name),
  ...(isDenied && { denied: true }),
})

function effectiveKey(object: EffectiveObject<'APIKey'>, claims: KeyClaims, { standalone }: Snapshot): EffectiveKey {
  const { digests: own = [], generate: request } = object.spec ?? {}
  if (!request) return { object, digests: own }
  const fact = claims.facts.get(object.document.name)
  // A key that was handed out stays valid whatever another object names now.
  const digests = [...new Set([...own, ...[fact?.digest ?? []].flat()])]
  const claim = claimed(object, request.secretName, claims)
  const told = claim ? denied(object, claim, fact?.digest !== undefined) : object
  if (standalone) return { object: told, digests }
  return {
    object: told,
    digests,
    ...(!claim && { generated: generatedCondition(object, request.secretName, fact) }),
    toGenerate: generateOf(object, request.secretName, claim !== undefined),
  }
}

/**
 * Brings the keys of a namespace together: what is generated gets its digest, and a Secret or a digest that two of them name is the first one's.
 * @param gateways Secrets that belong to gateways
 */
export function effectiveKeys(
  keys: readonly EffectiveObject<'APIKey'>[],
  gateways: ReadonlySet<string>,
  snapshot: Snapshot,
): EffectiveKey[] {
  const digestSecrets = keys.flatMap(({ document, spec }) => (spec?.generate ? [digestSecretName(document.name)] : []))
  const facts = factsOf(keys, snapshot)
  const reserved = new Set([...gateways, ...digestSecrets])
  const claims = { reserved, holders: holdersOf(keys, facts), facts }
  return withoutDuplicates(
    keys.map(key => effectiveKey(key, claims, snapshot)),
    snapshot.lastGood,
  )
}

/** Secrets that no other object may name: those of generated keys, unless one of that name was there before and is not Bartizan's. */
export function keySecrets(keys: readonly EffectiveKey[], { secrets, namespace }: Snapshot): string[] {
  const foreign = new Set(secrets.filter(one => one.namespace === namespace && one.owned !== true).map(one => one.name))
  return keys.flatMap(({ toGenerate }) =>
    toGenerate
      ? [
          toGenerate.digestSecret,
          ...(toGenerate.denied === true || foreign.has(toGenerate.secretName) ? [] : [toGenerate.secretName]),
        ]
      : [],
  )
}
