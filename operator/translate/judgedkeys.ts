import type { Judged } from './accept.ts'
import { bounded, type Condition, type Generate } from './desired.ts'
import { digestSecretName } from './names.ts'
import type { GeneratedKey } from './observed.ts'
import type { Snapshot } from './snapshot.ts'

/** An APIKey with the digests that are valid for it, and what is to be said of its making. */
export type JudgedKey = {
  readonly judged: Judged<'APIKey'>
  readonly digests: readonly string[]
  readonly generated?: Condition
  readonly wish?: Generate
}

const generation = ({ generation }: Judged['document']): Pick<Condition, 'observedGeneration'> =>
  generation === undefined ? {} : { observedGeneration: generation }

const fetchCommand = (namespace: string, secret: string): string =>
  `kubectl -n ${namespace} get secret ${secret} -o jsonpath='{.data.api-key}' | base64 -d`

/** What became of a key that is made here. */
function generatedCondition(
  { document }: Judged<'APIKey'>,
  secretName: string,
  fact: GeneratedKey | undefined,
): Condition {
  const part = (status: Condition['status'], reason: Condition['reason'], message: string): Condition => ({
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

/** Why a key cannot have the Secret that it names: it belongs to a gateway, keeps a digest, or is wanted by another key. */
function claimed(judged: Judged<'APIKey'>, secretName: string, rivals: Rivals): Claim | undefined {
  const { name } = judged.document
  if (rivals.reserved.has(secretName)) return { secretName, why: 'belongs to Bartizan itself' }
  const other = rivals.wanted.get(secretName)?.find(one => one !== name)
  return other === undefined ? undefined : { secretName, why: `is wanted by APIKey ${other}, too` }
}

type Rivals = {
  /** Secrets of gateways and digests. */
  readonly reserved: ReadonlySet<string>
  /** Names of the keys by the Secret that they want. */
  readonly wanted: ReadonlyMap<string, readonly string[]>
}

const wantedBy = (keys: readonly Judged<'APIKey'>[]): Map<string, string[]> => {
  const wanted = new Map<string, string[]>()
  for (const { document, spec } of keys) {
    const name = spec?.generate?.secretName
    if (name !== undefined) wanted.set(name, [...(wanted.get(name) ?? []), document.name])
  }
  return wanted
}

function denied(judged: Judged<'APIKey'>, { secretName, why }: Claim): Judged<'APIKey'> {
  const message = `spec.generate.secretName: Secret ${secretName} ${why}: choose another name (no key is generated)`
  return { ...judged, accepted: { ...judged.accepted, status: 'False', reason: 'SecretReserved', message } }
}

function judgedKey(judged: Judged<'APIKey'>, rivals: Rivals, snapshot: Snapshot): JudgedKey {
  const { document, spec } = judged
  const own = spec?.digests ?? []
  const wish = spec?.generate
  if (!wish) return { judged, digests: own }
  const isOwn = ({ apiKey, uid }: GeneratedKey): boolean =>
    apiKey === document.name && (uid === undefined || uid === document.uid)
  const fact = snapshot.generated?.find(isOwn)
  // A key that was handed out stays valid whatever somebody else names now.
  const digests = [...new Set([...own, ...(fact?.digest === undefined ? [] : [fact.digest])])]
  const claim = claimed(judged, wish.secretName, rivals)
  if (claim) return { judged: denied(judged, claim), digests }
  if (snapshot.standalone) return { judged, digests }
  return {
    judged,
    digests,
    generated: generatedCondition(judged, wish.secretName, fact),
    wish: {
      apiKey: document.name,
      ...(document.uid !== undefined && { uid: document.uid }),
      secretName: wish.secretName,
      digestSecret: digestSecretName(document.name),
    },
  }
}

function doubted(key: JudgedKey, holders: ReadonlyMap<string, readonly string[]>): JudgedKey {
  const shared = key.digests.find(digest => (holders.get(digest)?.length ?? 0) > 1)
  if (shared === undefined) return key
  const others = (holders.get(shared) ?? []).filter(name => name !== key.judged.document.name)
  const message = `spec.digests: ${shared.slice(0, 19)}… is also held by APIKey ${others.join(', ')}: nobody is let in by it; make a key of its own for each`
  return {
    ...key,
    digests: key.digests.filter(digest => (holders.get(digest)?.length ?? 0) < 2),
    judged: {
      ...key.judged,
      accepted: { ...key.judged.accepted, status: 'False', reason: 'DuplicateDigest', message: bounded(message) },
    },
  }
}

/**
 * Brings the keys of a namespace together: what is generated gets its digest, and a digest that two of them hold lets nobody in, since nobody could
 * say who it was.
 * @param gateways Secrets that belong to gateways
 */
export function judgedKeys(
  keys: readonly Judged<'APIKey'>[],
  gateways: ReadonlySet<string>,
  snapshot: Snapshot,
): JudgedKey[] {
  const digestSecrets = keys.flatMap(({ document, spec }) => (spec?.generate ? [digestSecretName(document.name)] : []))
  const rivals = { reserved: new Set([...gateways, ...digestSecrets]), wanted: wantedBy(keys) }
  const all = keys.map(key => judgedKey(key, rivals, snapshot))
  const holders = new Map<string, string[]>()
  for (const { judged, digests } of all)
    for (const digest of digests) holders.set(digest, [...(holders.get(digest) ?? []), judged.document.name])
  return all.map(key => doubted(key, holders))
}

/** Secrets that nobody else may name: those of generated keys, unless one of that name was there before and is somebody's own. */
export function keySecrets(keys: readonly JudgedKey[], { secrets, namespace }: Snapshot): string[] {
  const foreign = new Set(secrets.filter(one => one.namespace === namespace && one.owned !== true).map(one => one.name))
  return keys.flatMap(({ wish }) =>
    wish ? [wish.digestSecret, ...(foreign.has(wish.secretName) ? [] : [wish.secretName])] : [],
  )
}
