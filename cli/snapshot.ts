import { createHmac } from 'node:crypto'
import { secretFilePath } from '../operator/translate/policy/secrets.ts'
import type { LastGood, SecretFact, Snapshot } from '../operator/translate/model/snapshot.ts'
import { UsageError } from './usage-error.ts'
import type { Loaded } from './load.ts'
import type { SecretDocument } from './secrets.ts'

/** What comes from the command line and the state folder. */
export type TranslateOptions = {
  /** Undefined: the one that the files name. */
  readonly namespace: string | undefined
  readonly urls: Readonly<Record<string, string>>
  readonly lastGood: readonly LastGood[]
  /** Keys the fingerprints of secrets, so that they say nothing about the values. */
  readonly salt: Buffer
}

export type CollectedSnapshot = {
  readonly snapshot: Snapshot
  /** Values of secrets by the file name that the configuration gives them. */
  readonly values: ReadonlyMap<string, Buffer>
}

/**
 * The namespace that all files are about: the only one they name, or `default`.
 * @throws UsageError when they name several
 */
function namespaceOf({ resources, secrets }: Loaded): string {
  const named = new Set([...resources, ...secrets].flatMap(({ namespace }) => namespace ?? []))
  const [only = 'default', ...others] = [...named].sort()
  if (others.length === 0) return only
  throw new UsageError(
    `the files are about several namespaces (${[only, ...others].join(', ')}): choose one with --namespace`,
  )
}

function factOf(secret: SecretDocument, namespace: string, salt: Buffer): SecretFact {
  const hash = createHmac('sha256', salt)
  for (const [key, value] of [...secret.values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${key.length}:${key}${value.length}:`).update(value)
  }
  return { name: secret.name, namespace, keys: [...secret.values.keys()], hash: hash.digest('hex') }
}

/** What the pure translation sees, and beside it the values of secrets, which it never sees. */
export function collectSnapshot(
  loaded: Loaded,
  { namespace, urls, lastGood, salt }: TranslateOptions,
): CollectedSnapshot {
  const own = namespace ?? namespaceOf(loaded)
  // Of two Secrets of one name the first counts: that there are two is a problem already.
  const secrets = loaded.secrets.toReversed()
  const values = secrets.flatMap(secret =>
    [...secret.values].map(
      ([key, value]) => [secretFilePath(secret.namespace ?? own, secret.name, key), value] as const,
    ),
  )
  const facts = new Map(
    secrets.map(secret => [`${secret.namespace ?? own}/${secret.name}`, factOf(secret, secret.namespace ?? own, salt)]),
  )
  return {
    snapshot: {
      standalone: true,
      namespace: own,
      documents: loaded.resources.map(({ document }) => document.value),
      secrets: [...facts.values()],
      lastGood,
      urls,
    },
    values: new Map(values),
  }
}
