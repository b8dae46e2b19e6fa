import { configurationHash } from '../../gateway/config/hash.ts'
import { gatewayFilesOf } from './config.ts'
import type { GatewayFiles, ServerPlan } from './desired.ts'
import { serverObjects } from './objects.ts'
import type { Scene, ServerView } from './scene.ts'
import { serverStatus } from './serverstatus.ts'

/** A server with the files of its gateway; without a cluster one gateway has them all, and for a name that none can route there are none. */
export type Planned = { readonly plan: ServerPlan; readonly files: GatewayFiles | undefined }

/** Everything that follows for one server, objects and status alike. */
export function planned(view: ServerView, scene: Scene): Planned {
  const { name, uid } = view.judged.document
  const files = scene.snapshot.standalone ? undefined : gatewayFilesOf(view, scene)
  const excess = files?.excess
  const told: ServerView = excess
    ? {
        ...view,
        refused: excess.text,
        missing: [...view.missing, { reason: 'ConfigurationTooBig', text: excess.text }],
      }
    : view
  const hash = files && configurationHash(files.gateway, files.keys)
  const plan = {
    server: name,
    ...(uid !== undefined && { uid }),
    objects: serverObjects(told, scene, files),
    ...(hash !== undefined && { hash }),
    status: serverStatus(told, scene, hash),
  }
  return { plan, files: files && { name: files.name, gateway: files.gateway, keys: files.keys } }
}
