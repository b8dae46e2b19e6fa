import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import type { ObjectContext, ServerView } from '../context.ts'
import type { KubernetesObject } from '../model/desired.ts'
import { selectorLabels } from '../model/names.ts'
import { childMetadata } from './metadata.ts'
import { podInputs, podTemplate } from './pod-template.ts'

/** Pods that are wanted. */
export const replicasOf = (spec: MCPServerSpec): number => (spec.stopped === true ? 0 : (spec.replicas ?? 1))

/** The Deployment of a server. */
export function deployment(spec: MCPServerSpec, view: ServerView, context: ObjectContext): KubernetesObject {
  const { document } = view.server
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: childMetadata(document),
    spec: {
      replicas: replicasOf(spec),
      selector: { matchLabels: selectorLabels(document.name) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: podTemplate(spec, podInputs(spec, view, context)),
    },
  }
}
