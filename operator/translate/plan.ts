import { configurationHash } from '../../gateway/config/hash.ts'
import type { EffectiveObject } from './accept/effective.ts'
import { gatewayFilesOf } from './configuration/gateway-config.ts'
import type { ServerContext, ServerView, SharedContext } from './context.ts'
import type { GatewayFiles, ServerPlan } from './model/desired.ts'
import { serverObjects } from './objects/server-objects.ts'
import { serverContext, type ServerFacts } from './server-facts.ts'
import { serverStatus } from './status/server-status.ts'
import { viewOf } from './view.ts'

/** Everything that a plan may depend on. */
export type PlanInputs = {
  readonly server: EffectiveObject<'MCPServer'>
  readonly shared: SharedContext
  readonly facts: ServerFacts
}

/** A server with the files of its gateway; without a cluster one gateway has them all, and for a name that none can route there are none. */
export type PlannedServer = {
  readonly plan: ServerPlan
  readonly view: ServerView
  readonly files: () => GatewayFiles | undefined
}

const filesOf = (view: ServerView, context: ServerContext): GatewayFiles | undefined =>
  context.snapshot.standalone ? undefined : gatewayFilesOf(view, context)

/** A view that says that the configuration is too big, if it is. */
function withExcess(view: ServerView, excess: GatewayFiles['excess']): ServerView {
  if (!excess) return view
  const { text } = excess
  return { ...view, refused: text, unresolved: [...view.unresolved, { reason: 'ConfigurationTooBig', text }] }
}

/**
 * Everything that follows for one server, objects and status alike. Plans are remembered, and files and objects are large, so these are written
 * out anew whenever they are asked for.
 */
export function planServer({ server, shared, facts }: PlanInputs): PlannedServer {
  const { name, uid } = server.document
  const context = serverContext(name, shared, facts)
  const view = viewOf(server, context)
  const files = filesOf(view, context)
  const hash = files && configurationHash(files.gateway, files.keys)
  const told = withExcess(view, files?.excess)
  const plan = {
    server: name,
    ...(uid !== undefined && { uid }),
    get objects() {
      return serverObjects(told, context, filesOf(view, context))
    },
    ...(hash !== undefined && { hash }),
    status: serverStatus(told, context, hash),
  }
  const plain = (): GatewayFiles | undefined => {
    const { name, gateway, keys } = filesOf(view, context) ?? {}
    return gateway && keys && name !== undefined ? { name, gateway, keys } : undefined
  }
  return { plan, view, files: plain }
}
