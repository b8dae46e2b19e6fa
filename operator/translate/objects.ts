import { deployment } from './deployment.ts'
import type { KubernetesObject } from './desired.ts'
import type { Scene, ServerView } from './scene.ts'
import { service } from './service.ts'

/** What is applied for a server, in dependency order; without a cluster there is nobody to apply it. */
export function serverObjects(view: ServerView, scene: Scene): KubernetesObject[] {
  const { spec } = view.judged
  if (scene.snapshot.standalone || spec?.image === undefined) return []
  return [service(view, scene), deployment(spec, view, scene)]
}
