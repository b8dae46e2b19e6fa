import type { KubernetesObject } from './desired.ts'
import { childName, labels, ports, selectorLabels } from './names.ts'
import { ownedBy } from './owner.ts'
import type { Scene, ServerView } from './scene.ts'

/** The Service of a server: the client port of its gateway, and nothing of the server itself. */
export function service(view: ServerView, scene: Scene): KubernetesObject {
  const { document } = view.judged
  const tls = scene.settings?.spec?.tls !== undefined
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: childName(document.name),
      namespace: document.namespace,
      labels: labels(document.name),
      ...ownedBy(document),
    },
    spec: {
      ipFamilyPolicy: 'PreferDualStack',
      selector: selectorLabels(document.name),
      ports: [
        tls
          ? { name: 'https', port: ports.tlsService, targetPort: ports.client }
          : { name: 'http', port: ports.service, targetPort: ports.client },
      ],
    },
  }
}
