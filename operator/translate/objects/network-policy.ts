import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import type { KubernetesObject } from '../model/desired.ts'
import { childMetadata } from './metadata.ts'
import { operatorLabels, ports, selectorLabels, usualOperatorNamespace } from '../model/names.ts'
import { dns, opened, podsOf, tcp } from '../policy/peers.ts'
import type { ObjectContext, ServerView } from '../context.ts'
import { networksOf } from '../policy/settings.ts'
import { urlTarget } from '../policy/url-target.ts'

/**
 * Who may come in: all clients to the client port, the operator to the admin port, and to the metrics port the scrapers that the MCPGateway names.
 * The port of the server itself is closed. The probes of the kubelet come from the pod's own node, which policies let through.
 */
function ingress({ snapshot, settings }: ObjectContext): object[] {
  const { operatorNamespace = usualOperatorNamespace } = snapshot
  const { scrapers = [] } = settings.spec.metrics ?? {}
  return [
    { ports: tcp(ports.client) },
    { from: [podsOf(operatorNamespace, operatorLabels)], ports: tcp(ports.admin) },
    ...(scrapers.length > 0
      ? [
          {
            from: scrapers.map(({ namespace, podLabels }) => podsOf(namespace, podLabels)),
            ports: tcp(ports.metrics),
          },
        ]
      : []),
  ]
}

/** What the pod may reach: what is named, and the DNS of the cluster if it is named by a name. Both families, as each entry says. */
function egress(spec: MCPServerSpec, view: ServerView, { settings }: ObjectContext): object[] {
  const named = view.egress.map(opened)
  const target = spec.url === undefined || !view.isUrlOpen ? [] : urlTarget(spec.url, networksOf(settings))
  const byName = view.egress.some(entry => entry.namespace !== undefined)
  return [...target, ...named, ...(byName && !target.includes(dns) ? [dns] : [])]
}

/** Closes the pod of a server in both directions but for what has to pass. A policy sees ports and not containers, and never loopback. */
export function networkPolicy(spec: MCPServerSpec, view: ServerView, context: ObjectContext): KubernetesObject {
  const out = egress(spec, view, context)
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: childMetadata(view.server.document),
    spec: {
      podSelector: { matchLabels: selectorLabels(view.server.document.name) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: ingress(context),
      // An empty list would not be kept, and each apply be a change; none at all means the same, since Egress is among the types.
      ...(out.length > 0 && { egress: out }),
    },
  }
}
