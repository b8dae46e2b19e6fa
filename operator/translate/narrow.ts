import type { Judged } from './accept/accept.ts'
import type { Memory } from './memory.ts'
import { planned, type Planned } from './plan.ts'
import type { Common, Scene } from './context.ts'
import type { Facts } from './model/snapshot.ts'
import { viewOf } from './view.ts'

/** The Secrets that the answer for a server may depend on. */
function secretNames({ spec }: Judged<'MCPServer'>, { settings }: Common): Set<string> {
  const uses = [...(spec?.secrets ?? []), ...(spec?.imagePullSecrets ?? [])].map(({ name }) => name)
  return new Set([...uses, ...(settings.spec.tls ? [settings.spec.tls.secretName] : [])])
}

/** What a scene says about one server and about no other. */
function ownOf(judged: Judged<'MCPServer'>, scene: Scene) {
  const { secrets, drainTokens, observed } = scene.snapshot
  const { name } = judged.document
  const named = secretNames(judged, scene)
  return {
    secrets: named.size === 0 ? [] : secrets.filter(secret => named.has(secret.name)),
    reserved: [...named].filter(secret => scene.reserved.has(secret)),
    hasWayIn: scene.hasWayIn(name),
    drainToken: drainTokens?.[name],
    // That nobody has looked at any server is something else than that this one was not seen.
    observed: observed && (observed[name] ?? null),
  }
}

type Own = ReturnType<typeof ownOf>
type Words = Pick<Facts, 'standalone' | 'namespace' | 'gatewayImage' | 'operatorNamespace'>

const wordsOf = ({ standalone, namespace, gatewayImage, operatorNamespace }: Facts): Words => ({
  standalone,
  namespace,
  ...(gatewayImage !== undefined && { gatewayImage }),
  ...(operatorNamespace !== undefined && { operatorNamespace }),
})

const always =
  <T>(value: T) =>
  (): T =>
    value

/** The scene of one server. A plan keeps it, so nothing in it may hold on to the whole: each server would keep a snapshot of the whole namespace alive. */
const sceneOf = (name: string, words: Words, { drainToken, observed, ...own }: Own, common: Common): Scene => ({
  ...common,
  snapshot: {
    ...words,
    secrets: own.secrets,
    ...(drainToken !== undefined && { drainTokens: { [name]: drainToken } }),
    ...(observed !== undefined && { observed: observed === null ? {} : { [name]: observed } }),
  },
  reserved: new Set(own.reserved),
  hasWayIn: always(own.hasWayIn),
  beyond: new Set(),
})

/**
 * Plans one server of a cluster. It is shown nothing but what it shares with the others and what is its own, and by these alone it is found again:
 * what is forgotten here cannot be seen there.
 */
export function plannedAlone(judged: Judged<'MCPServer'>, scene: Scene, common: Common, memory: Memory): Planned {
  const own = ownOf(judged, scene)
  return memory.server(judged, common, JSON.stringify(own), () => {
    const alone = sceneOf(judged.document.name, wordsOf(scene.snapshot), own, common)
    return planned(viewOf(judged, alone), alone)
  })
}
