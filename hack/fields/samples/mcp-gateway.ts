import { exchanges } from '../exchanges.ts'
import { image, key, server, settings, type Sample } from '../sample.ts'

const around = (spec: object): readonly object[] => [settings(spec), server(), key()]

/** How each field of an MCPGateway is proved. */
export const mcpGatewaySamples: Readonly<Record<string, Sample>> = {
  'MCPGateway.spec.publicUrl': {
    documents: around({ publicUrl: 'https://mcp.example.com' }),
    values: ['https://mcp.example.com', 'https://mcp.example.org'],
    witness: exchanges.headed({ host: 'mcp.example.com' }),
  },
  'MCPGateway.spec.hosts[]': {
    documents: around({ hosts: ['mcp.example.com'] }),
    values: ['mcp.example.com', 'mcp.example.org'],
    witness: exchanges.headed({ host: 'mcp.example.com' }),
  },
  'MCPGateway.spec.origins[]': {
    documents: around({ origins: ['https://console.example.com'] }),
    values: ['https://console.example.com', 'https://console.example.org'],
    witness: exchanges.headed({ origin: 'https://console.example.com' }),
  },
  'MCPGateway.spec.audit.onFailure': {
    documents: around({ audit: { onFailure: 'Refuse' } }),
    witness: exchanges.stalled,
  },
  'MCPGateway.spec.audit.output': {
    documents: [settings({ audit: { output: 'Stdout' } }), image()],
    witness: 'objects',
  },
  'MCPGateway.spec.limits.maxConnections': {
    documents: around({ limits: { maxConnections: 16 } }),
    values: [16, 100],
    witness: exchanges.crowd,
  },
  'MCPGateway.spec.limits.maxConnectionsPerIp': {
    documents: around({ limits: { maxConnectionsPerIp: 2 } }),
    values: [2, 100],
    witness: exchanges.crowd,
  },
  'MCPGateway.spec.tls.secretName': {
    documents: [settings({ tls: { secretName: 'first' } }), image()],
    values: ['first', 'second'],
    witness: 'objects',
  },
  'MCPGateway.spec.metrics.scrapers[].namespace': {
    documents: [settings({ metrics: { scrapers: [{ namespace: 'first' }] } }), image()],
    values: ['first', 'second'],
    witness: 'objects',
  },
  'MCPGateway.spec.metrics.scrapers[].podLabels.*': {
    documents: [settings({ metrics: { scrapers: [{ namespace: 'first', podLabels: { app: 'one' } }] } }), image()],
    values: ['one', 'two'],
    witness: 'objects',
  },
  'MCPGateway.spec.servers.egress.networks[]': {
    documents: [
      settings({ servers: { egress: { networks: ['10.1.0.0/16'] } } }),
      image({ egress: [{ cidr: '10.1.2.0/24', ports: [443] }] }),
    ],
    values: ['10.1.0.0/16', '10.2.0.0/16'],
    witness: 'objects',
  },
  'MCPGateway.spec.servers.egress.namespaces[]': {
    documents: [
      settings({ servers: { egress: { namespaces: ['data'] } } }),
      image({ egress: [{ namespace: 'data', ports: [5432] }] }),
    ],
    values: ['data', 'cache'],
    witness: 'objects',
  },
  'MCPGateway.spec.servers.allowedNetworks[]': {
    documents: around({}),
    values: ['127.0.0.0/8', '10.0.0.0/8'],
    witness: exchanges.call(),
  },
}
