import { configMap } from './config-map.ts'
import { deployment } from './deployment.ts'
import type { GatewayFiles, KubernetesObject } from '../model/desired.ts'
import { networkPolicy } from './network-policy.ts'
import type { ObjectContext, ServerView } from '../context.ts'
import { service } from './service.ts'
import { serviceAccount } from './service-account.ts'

/**
 * What is applied for a server, in this order: what a pod names exists before it, and its walls stand before it does. Without a cluster
 * nothing is applied, and a child process runs in none.
 */
export function serverObjects(
  view: ServerView,
  context: ObjectContext,
  files: GatewayFiles | undefined,
): KubernetesObject[] {
  const { spec } = view.server
  if (context.snapshot.standalone || !files || (spec?.image ?? spec?.url) === undefined || !spec) return []
  return [
    serviceAccount(view),
    configMap(view, files),
    service(view, context),
    networkPolicy(spec, view, context),
    deployment(spec, view, context),
  ]
}
