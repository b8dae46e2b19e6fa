import { stringify } from 'yaml'
import { images } from './images/index.ts'

type Fields = Readonly<Record<string, unknown>>

const document = (kind: string, namespace: string, name: string, spec: Fields): string =>
  `---\n${stringify({ apiVersion: 'mcp.gateway.io/v1', kind, metadata: { namespace, name }, spec })}`

/** A server of the friendly image that listens on 8080, with whatever else it should have. */
export const server = (namespace: string, name: string, more: Fields = {}): string =>
  document('MCPServer', namespace, name, {
    image: images.server,
    port: 8080,
    path: '/mcp',
    healthCheck: { path: '/health', interval: '5s' },
    // Thirty of them fit on a node of two cores.
    resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '1m', memory: '32Mi' } },
    // The grace period follows it, and the namespace controller waits for half of that before it looks again.
    timeouts: { request: '30s' },
    ...more,
  })

/** A caller whose key the operator makes, into the Secret NAME-key. */
export const key = (namespace: string, name: string, servers: readonly string[], more: Fields = {}): string =>
  document('APIKey', namespace, name, {
    generate: { secretName: `${name}-key` },
    allowedServers: [...servers],
    ...more,
  })

/** How clients come in; `127.0.0.1` is the host of those that come by `kubectl port-forward`. */
export const gateway = (namespace: string, more: Fields = {}): string =>
  document('MCPGateway', namespace, 'default', { hosts: ['127.0.0.1'], ...more })

export const policy = (namespace: string, name: string, spec: Fields): string =>
  document('GuardrailPolicy', namespace, name, spec)

/** A pod that does nothing until a client is run in it. */
export const callerPod = (namespace: string, name = 'caller', labels: Fields = {}): string =>
  `---\n${stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { app: name, ...labels } },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [{ name: 'caller', image: images.server, command: ['node', '-e', 'setInterval(() => {}, 1e6)'] }],
    },
  })}`
