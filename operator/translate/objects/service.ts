import type { KubernetesObject } from '../model/desired.ts'
import { childMetadata } from './metadata.ts'
import { ports, selectorLabels } from '../model/names.ts'
import type { ObjectContext, ServerView } from '../context.ts'

/**
 * The Service of a server: the client port of its gateway, and nothing of the server itself. A client stays with one pod, since sessions of the
 * earlier revisions live in one.
 */
export function service({ server }: ServerView, { settings }: ObjectContext): KubernetesObject {
  const { document } = server
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
