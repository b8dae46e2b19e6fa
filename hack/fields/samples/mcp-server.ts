import { exchanges } from '../exchanges.ts'
import { image, key, server, settings, type Sample } from '../sample.ts'

const objects = (spec: object, values: readonly unknown[]): Sample => ({
  documents: [image(spec)],
  values,
  witness: 'objects',
})

const around = (spec: object): readonly object[] => [server(spec), key(), settings()]

/** How each field of an MCPServer is proved. */
export const mcpServerSamples: Readonly<Record<string, Sample>> = {
  'MCPServer.spec.image': objects({}, ['example/one:1', 'example/one:2']),
  'MCPServer.spec.url': {
    documents: around({}),
    values: ['http://127.0.0.1:$PORT/mcp', 'http://127.0.0.1:$PORT/other'],
    witness: exchanges.call(),
  },
  'MCPServer.spec.command[]': objects({ command: ['serve'] }, ['serve', 'start']),
  'MCPServer.spec.args[]': objects({ args: ['--fast'] }, ['--fast', '--safe']),
  'MCPServer.spec.env[].name': objects({ env: [{ name: 'LEVEL', value: 'low' }] }, ['LEVEL', 'DEPTH']),
  'MCPServer.spec.env[].value': objects({ env: [{ name: 'LEVEL', value: 'low' }] }, ['low', 'high']),
  'MCPServer.spec.secrets[].name': objects({ secrets: [{ name: 'first', envVar: 'KEY' }] }, ['first', 'second']),
  'MCPServer.spec.secrets[].envVar': objects({ secrets: [{ name: 'first', envVar: 'KEY' }] }, ['KEY', 'TOKEN']),
  'MCPServer.spec.secrets[].mountPath': objects({ secrets: [{ name: 'first', mountPath: '/a' }] }, ['/a', '/b']),
  'MCPServer.spec.secrets[].key': objects({ secrets: [{ name: 'first', envVar: 'KEY', key: 'user' }] }, [
    'user',
    'password',
  ]),
  'MCPServer.spec.resources.limits.cpu': objects({ resources: { limits: { cpu: '1' } } }, ['1', '2']),
  'MCPServer.spec.resources.limits.memory': objects({ resources: { limits: { memory: '1Gi' } } }, ['1Gi', '2Gi']),
  'MCPServer.spec.resources.requests.cpu': objects({ resources: { requests: { cpu: '50m' } } }, ['50m', '60m']),
  'MCPServer.spec.resources.requests.memory': objects({ resources: { requests: { memory: '64Mi' } } }, [
    '64Mi',
    '96Mi',
  ]),
  'MCPServer.spec.imagePullSecrets[].name': objects({ imagePullSecrets: [{ name: 'first' }] }, ['first', 'second']),
  'MCPServer.spec.replicas': { documents: [image({ replicas: 1 })], witness: 'objects' },
  'MCPServer.spec.egress[].cidr': {
    documents: [
      settings({ servers: { egress: { networks: ['10.0.0.0/8', 'fd00::/16'] } } }),
      image({ egress: [{ cidr: '10.1.0.0/16', ports: [443] }] }),
    ],
    values: ['10.1.0.0/16', 'fd00::/64'],
    witness: 'objects',
  },
  'MCPServer.spec.egress[].namespace': objects({ egress: [{ namespace: 'data', ports: [5432] }] }, ['data', 'cache']),
  'MCPServer.spec.egress[].podLabels.*': objects(
    { egress: [{ namespace: 'data', podLabels: { app: 'first' }, ports: [5432] }] },
    ['first', 'second'],
  ),
  'MCPServer.spec.egress[].ports[]': {
    documents: [image({ egress: [{ namespace: 'data', ports: [5432] }] })],
    witness: 'objects',
  },
  'MCPServer.spec.transport': { documents: [image({ transport: 'Stdio' })], witness: 'status' },
  'MCPServer.spec.port': { documents: [image({ port: 3000 })], witness: 'objects' },
  'MCPServer.spec.path': {
    documents: [image({ port: '$PORT', path: '/mcp' }), key()],
    values: ['/mcp', '/api/mcp'],
    witness: exchanges.call(),
    pod: true,
  },
  'MCPServer.spec.stopped': { documents: around({ stopped: true }), witness: exchanges.call() },
  'MCPServer.spec.healthCheck.path': {
    documents: around({ healthCheck: { path: '/health' } }),
    values: ['/health', '/well'],
    witness: exchanges.health('well', 1000),
  },
  'MCPServer.spec.healthCheck.interval': {
    documents: around({ healthCheck: { path: '/health', interval: '20s' } }),
    values: ['20s', '60s'],
    witness: exchanges.health('well', 30_000),
  },
  'MCPServer.spec.healthCheck.timeout': {
    documents: around({ healthCheck: { path: '/health', timeout: '2s', failureThreshold: 1 } }),
    values: ['2s', '20s'],
    witness: exchanges.health('silent', 10_000),
  },
  'MCPServer.spec.healthCheck.failureThreshold': {
    documents: around({ healthCheck: { path: '/health', failureThreshold: 1 } }),
    witness: exchanges.health('ill', 1000),
  },
  'MCPServer.spec.timeouts.request': {
    documents: around({ timeouts: { request: '20s' } }),
    values: ['20s', '40s'],
    witness: exchanges.silentFor(30_000),
  },
  'MCPServer.spec.timeouts.idle': {
    documents: around({ timeouts: { idle: '20s' } }),
    values: ['20s', '40s'],
    witness: exchanges.silentFor(30_000),
  },
  'MCPServer.spec.toolPolicy.mode': {
    documents: around({ toolPolicy: { mode: 'denylist', deniedTools: ['drop_*'] } }),
    witness: exchanges.tools,
  },
  'MCPServer.spec.toolPolicy.allowedTools[]': {
    documents: around({ toolPolicy: { mode: 'allowlist', allowedTools: ['read_*'] } }),
    values: ['read_*', 'drop_*'],
    witness: exchanges.tools,
  },
  'MCPServer.spec.toolPolicy.deniedTools[]': {
    documents: around({ toolPolicy: { mode: 'denylist', deniedTools: ['read_*'] } }),
    values: ['read_*', 'DROP_*'],
    witness: exchanges.tools,
  },
}
