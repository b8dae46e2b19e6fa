import type { Snapshot } from '../model/snapshot.ts'
import type { UnresolvedRef } from './secrets.ts'
import type { Settings } from './settings.ts'

/** What is wrong with the Secret whose certificate is to be served. */
export function tlsMissing(
  { spec: { tls } }: Settings,
  snapshot: Pick<Snapshot, 'secrets' | 'namespace'>,
): UnresolvedRef[] {
  const name = tls?.secretName
  if (name === undefined) return []
  const secret = snapshot.secrets.find(one => one.name === name && one.namespace === snapshot.namespace)
  if (!secret)
    return [{ reason: 'SecretNotFound', text: `there is no Secret ${name}: create one of type kubernetes.io/tls` }]
  const absent = ['tls.crt', 'tls.key'].filter(key => !secret.keys.includes(key))
  if (absent.length === 0) return []
  return [{ reason: 'SecretKeyNotFound', text: `Secret ${name} lacks ${absent.join(' and ')}` }]
}
