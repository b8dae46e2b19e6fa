import type { KubernetesObject } from '../model/desired.ts'
import { childMetadata } from './metadata.ts'
import { ports, selectorLabels } from '../model/names.ts'
import type { Scene, ServerView } from '../context.ts'

/**
 * The Service of a server: the client port of its gateway, and nothing of the server itself. A client stays with one pod, since sessions of the
 * earlier revisions live in one.
 */
export function service({ judged }: ServerView, { settings }: Scene): KubernetesObject {
  const { document } = judged
  const [name, port] = settings.spec.tls ? ['https', ports.tlsService] : ['http', ports.service]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(document),
    spec: {
      ipFamilyPolicy: 'PreferDualStack',
      sessionAffinity: 'ClientIP',
      selector: selectorLabels(document.name),
      ports: [{ name, port, protocol: 'TCP', targetPort: ports.client }],
    },
  }
}
