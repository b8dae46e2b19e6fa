import { gatewayFilesOf } from './config.ts'
import type { ServerPlan } from './desired.ts'
import { hashOf } from './hash.ts'
import { serverObjects } from './objects.ts'
import type { Scene, ServerView } from './scene.ts'
import { serverStatus } from './status.ts'

/** Everything that follows for each server, objects and status alike. */
export const serverPlans = (views: readonly ServerView[], scene: Scene): ServerPlan[] =>
  views.map(view => {
    const { name, uid } = view.judged.document
    const files = scene.snapshot.standalone ? undefined : gatewayFilesOf(view, scene)
    return {
      server: name,
      ...(uid !== undefined && { uid }),
      objects: serverObjects(view, scene),
      ...(files && { hash: hashOf([files.gateway, files.keys]) }),
      status: serverStatus(view, scene),
    }
  })
