import { deployment } from './deployment.ts'
import type { KubernetesObject } from './desired.ts'
import type { Scene, ServerView } from './scene.ts'
import { service } from './service.ts'

/** What is applied for the servers that run from an image; without a cluster there is nobody to apply it. */
export function objects(views: readonly ServerView[], scene: Scene): KubernetesObject[] {
  if (scene.snapshot.standalone) return []
  return views.flatMap(view => {
    const { spec } = view.judged
    return spec?.image === undefined ? [] : [deployment(spec, view, scene), service(view, scene)]
  })
}
