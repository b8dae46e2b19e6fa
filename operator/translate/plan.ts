import { configurationHash } from '../../gateway/config/hash.ts'
import { gatewayFilesOf } from './configuration/gateway-config.ts'
import type { GatewayFiles, ServerPlan } from './model/desired.ts'
import { serverObjects } from './objects/server-objects.ts'
import type { ServerContext, ServerView } from './context.ts'
import { serverStatus } from './status/server-status.ts'

/** A server with the files of its gateway; without a cluster one gateway has them all, and for a name that none can route there are none. */
export type PlannedServer = {
  readonly plan: ServerPlan
  readonly view: ServerView
  readonly files: () => GatewayFiles | undefined
}

const filesOf = (view: ServerView, context: ServerContext): GatewayFiles | undefined =>
  context.snapshot.standalone ? undefined : gatewayFilesOf(view, context)

/**
 * Everything that follows for one server, objects and status alike. Plans are remembered, and files and objects are large, so these are written
 * out anew whenever somebody asks for them.
 */
export function planServer(view: ServerView, context: ServerContext): PlannedServer {
  const { name, uid } = view.server.document
  const files = filesOf(view, context)
  const excess = files?.excess
  const told: ServerView = excess
    ? {
        ...view,
        refused: excess.text,
        unresolved: [...view.unresolved, { reason: 'ConfigurationTooBig', text: excess.text }],
      }
    : view
  const hash = files && configurationHash(files.gateway, files.keys)
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
