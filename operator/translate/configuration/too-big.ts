import type { Excess, GatewayFiles } from '../model/desired.ts'
import { fileText } from './file-text.ts'

/** Bytes that the data of a ConfigMap may have, less some for its metadata: an object of the API server is at most 1 MiB. */
const maxBytes = 1_000_000

/** UTF-8 bytes of a text, at most three for each of its code units; where even those fit they need not be counted. */
const bytesOf = (text: string): number =>
  text.length * 3 < maxBytes / 2 ? text.length : new TextEncoder().encode(text).length

/**
 * Whether a configuration is more than a ConfigMap holds. Its server is then refused, in a rendering that is small: revocations still arrive,
 * unless it is the keys themselves that do not fit.
 */
export function tooBig({ gateway, keys }: Pick<GatewayFiles, 'gateway' | 'keys'>): Excess | undefined {
  const [policies, callers] = [bytesOf(fileText(gateway)), bytesOf(fileText(keys))]
  if (policies + callers <= maxBytes) return undefined
  const text = `the configuration has ${policies} bytes of policies and ${callers} of keys, and a ConfigMap holds ${maxBytes}: shorten the lists of the policies, or spread the servers and keys over several namespaces`
  return { text, keys: callers > maxBytes / 2 }
}
