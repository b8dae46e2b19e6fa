import { gatewayConfig } from '../../gateway/config/index.ts'
import { keysFile } from '../../gateway/config/keys.ts'
import type { GatewayFiles } from '../../operator/translate/model/desired.ts'
import type { translate } from '../../operator/translate/index.ts'
import { further, leaves } from './all.ts'
import { leavesIn } from './leaves.ts'
import { sampleOf } from './samples/index.ts'
import { snapshotOf } from './prove.ts'
import { variantsOf } from './variants.ts'
import type { World } from './world.ts'

/** Every leaf of the two files of a gateway's configuration, as `gateway.servers[].timeouts.request`. */
export const configurationLeaves: readonly string[] = [
  ...leavesIn(gatewayConfig, 'gateway'),
  ...leavesIn(keysFile, 'keys'),
].map(({ path }) => path)

/** All values that stand at a path. */
function valuesAt(node: unknown, [step, ...rest]: readonly string[]): unknown[] {
  if (node === undefined) return []
  if (step === undefined) return [node]
  if (step === '[]') return (node as readonly unknown[]).flatMap(item => valuesAt(item, rest))
  return valuesAt((node as Readonly<Record<string, unknown>>)[step], rest)
}

const stepsOf = (path: string): string[] => path.replaceAll('[]', '.[]').split('.')

const seen = (files: readonly GatewayFiles[], path: string): string =>
  JSON.stringify(files.map(file => valuesAt(file, stepsOf(path))))

/**
 * The leaves of the configuration that the samples reach: in some sample another value of one field of a kind, alone, makes another value there.
 * @param translated the translation, or one that loses something, to see that it is noticed
 */
export function reachedLeaves(world: World, translated: typeof translate): Set<string> {
  const reached = new Set<string>()
  for (const [leaf, sample] of [...leaves.map(one => [one, sampleOf(one)] as const), ...further])
    for (const standalone of [true, false]) {
      const outcomes = variantsOf(leaf, sample, world).map(
        documents => translated({ ...snapshotOf(documents), standalone }).gateways,
      )
      for (const path of configurationLeaves)
        if (new Set(outcomes.map(files => seen(files, path))).size > 1) reached.add(path)
    }
  return reached
}
