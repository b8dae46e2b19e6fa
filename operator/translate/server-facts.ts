import type { EffectiveObject } from './accept/accept.ts'
import type { Memory } from './memory.ts'
import { planServer, type PlannedServer } from './plan.ts'
import type { SharedContext, ServerContext } from './context.ts'
import type { ServerSnapshot } from './model/snapshot.ts'
import { viewOf } from './view.ts'

/** The Secrets that the answer for a server may depend on. */
function secretNames({ spec }: EffectiveObject<'MCPServer'>, { settings }: SharedContext): Set<string> {
  const uses = [...(spec?.secrets ?? []), ...(spec?.imagePullSecrets ?? [])].map(({ name }) => name)
  return new Set([...uses, ...(settings.tls ? [settings.tls.secretName] : [])])
}

/** What a context says about one server and about no other. */
function serverInputs(server: EffectiveObject<'MCPServer'>, context: ServerContext) {
  const { secrets, drainTokens, observed } = context.snapshot
  const { name } = server.document
  const named = secretNames(server, context)
  return {
    secrets: named.size === 0 ? [] : secrets.filter(secret => named.has(secret.name)),
    reserved: [...named].filter(secret => context.reserved.has(secret)),
    hasWayIn: context.hasCallers(name),
    drainToken: drainTokens?.[name],
    // That nobody has looked at any server is something else than that this one was not seen.
    observed: observed && (observed[name] ?? null),
  }
}

type ServerInputs = ReturnType<typeof serverInputs>
type NamespaceInputs = Pick<ServerSnapshot, 'standalone' | 'namespace' | 'gatewayImage' | 'operatorNamespace'>

const namespaceInputs = ({
  standalone,
  namespace,
  gatewayImage,
  operatorNamespace,
}: ServerSnapshot): NamespaceInputs => ({
  standalone,
  namespace,
  ...(gatewayImage !== undefined && { gatewayImage }),
  ...(operatorNamespace !== undefined && { operatorNamespace }),
})

const always =
  <T>(value: T) =>
  (): T =>
    value

/** The context of one server. A plan keeps it, so nothing in it may hold on to the whole: each server would keep a snapshot of the whole namespace alive. */
const serverContext = (
  name: string,
  words: NamespaceInputs,
  { drainToken, observed, ...own }: ServerInputs,
  shared: SharedContext,
): ServerContext => ({
  ...shared,
  snapshot: {
    ...words,
    secrets: own.secrets,
    ...(drainToken !== undefined && { drainTokens: { [name]: drainToken } }),
    ...(observed !== undefined && { observed: observed === null ? {} : { [name]: observed } }),
  },
  reserved: new Set(own.reserved),
  hasCallers: always(own.hasWayIn),
  overLimit: new Set(),
})

/**
 * Plans one server of a cluster. It is shown nothing but what it shares with the others and what is its own, and by these alone it is found again:
 * what is forgotten here cannot be seen there.
 */
export function planServerAlone(
  server: EffectiveObject<'MCPServer'>,
  context: ServerContext,
  shared: SharedContext,
  memory: Memory,
): PlannedServer {
  const own = serverInputs(server, context)
  return memory.server(server, shared, JSON.stringify(own), () => {
    const alone = serverContext(server.document.name, namespaceInputs(context.snapshot), own, shared)
    return planServer(viewOf(server, alone), alone)
  })
}
