import { milliseconds } from '../../gateway/config/kit.ts'
import { defaultTimeouts } from '../../gateway/config/servers.ts'
import type { MCPServerSpec } from '../../crds/mcpserver.ts'
import { serverUser } from './container.ts'
import type { KubernetesObject } from './desired.ts'
import { sortedBy } from './document.ts'
import { gatewayContainer, gatewayVolumes } from './gatewaycontainer.ts'
import { childName, labels, selectorLabels } from './names.ts'
import { ownedBy } from './owner.ts'
import type { Scene, ServerView } from './scene.ts'
import { grantedUses, type SecretUse } from './secrets.ts'
import { serverContainer, serverVolumes } from './servercontainer.ts'

/** The longest request and ten seconds: what a drain may take. */
const graceSeconds = (spec: MCPServerSpec): number =>
  Math.ceil(milliseconds(spec.timeouts?.request ?? defaultTimeouts.request) / 1000) + 10

/** Variables and mounts read a Secret once, when the container starts, so a changed Secret must change the pod. */
function secretsAnnotation(uses: readonly SecretUse[], { snapshot }: Scene): Record<string, string> {
  const named = new Set(uses.map(use => use.name))
  const facts = snapshot.secrets.filter(one => one.namespace === snapshot.namespace && named.has(one.name))
  if (facts.length === 0) return {}
  const text = sortedBy(facts, one => one.name).map(one => `${one.name}=${one.hash}`)
  return { 'mcp.gateway.io/secrets': text.join(',') }
}

/** The Deployment of a server with an image: the server, and its gateway as a native sidecar at index 0. */
export function deployment(spec: MCPServerSpec, view: ServerView, scene: Scene): KubernetesObject {
  const { document } = view.judged
  const tlsSecret = scene.settings?.spec?.tls?.secretName
  const annotations = secretsAnnotation(grantedUses(spec, scene.reserved), scene)
  const image = scene.snapshot.gatewayImage ?? 'bartizan-gateway'
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: childName(document.name),
      namespace: document.namespace,
      labels: labels(document.name),
      ...ownedBy(document),
    },
    spec: {
      replicas: spec.stopped === true ? 0 : 1,
      selector: { matchLabels: selectorLabels(document.name) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: {
          labels: labels(document.name),
          ...(Object.keys(annotations).length > 0 && { annotations }),
        },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: graceSeconds(spec),
          securityContext: { runAsNonRoot: true, fsGroup: serverUser, seccompProfile: { type: 'RuntimeDefault' } },
          initContainers: [gatewayContainer(image, { sidecar: true, tls: tlsSecret !== undefined })],
          containers: [serverContainer(spec, view, scene.reserved)],
          volumes: [...gatewayVolumes(document.name, tlsSecret), ...serverVolumes(spec, scene.reserved)],
        },
      },
    },
  }
}
