import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { objectsOf, statusesOf, translate, type Desired, type SecretFact } from '../index.ts'

/** What the documents of the project prescribe, word for word (requirements, section 1.3). */
const v1 = `
apiVersion: mcp.gateway.io/v1
kind: MCPServer
metadata:
  name: my-mcp-server
spec:
  image: my-mcp-server:latest
  resources:
    limits: { cpu: "500m", memory: "256Mi" }
  secrets:
    - name: api-key
      envVar: MCP_API_KEY
  healthCheck:
    path: /health
    interval: 30s
`

const v2 = `
# MCPServer CRD - Gateway creates the container
apiVersion: mcp.gateway.io/v1
kind: MCPServer
metadata: { name: weather }
spec:
  image: internal-registry/weather-mcp:v1.2
  resources: { limits: { cpu: "500m", memory: "256Mi" } }
  secrets:
    - name: api-key
      envVar: WEATHER_API_KEY
`

const v4 = `
apiVersion: mcp.gateway.io/v1
kind: MCPServer
metadata: { name: weather }
spec:
  image: internal-registry/weather-mcp:v1.2
  # MCPServer CRD with secret references
  secrets:
    - name: weather-api-key      # K8s Secret name
      envVar: WEATHER_API_KEY    # Env var in container
    - name: database-creds
      mountPath: /secrets/db     # File mount
`

const v5 = `
securityContext:
  runAsNonRoot: true
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities:
    drop: ["ALL"]
  seccompProfile:
    type: RuntimeDefault

resources:
  limits:
    cpu: "500m"
    memory: "256Mi"
  requests:
    cpu: "100m"
    memory: "128Mi"
`

const secret = (name: string, ...keys: string[]): SecretFact => ({ name, namespace: 'default', keys, hash: '1' })
const secrets = [secret('api-key', 'token'), secret('weather-api-key', 'token'), secret('database-creds', 'user')]

const translated = (...documents: unknown[]): Desired =>
  translate({ standalone: false, namespace: 'default', documents, secrets, lastGood: [] })

type Container = {
  readonly name: string
  readonly image: string
  readonly env: readonly object[]
  readonly resources: object
  readonly securityContext: object
  readonly volumeMounts: readonly object[]
  readonly ports: readonly { readonly containerPort: number }[]
}
type Pod = {
  readonly initContainers: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly object[]
}

type Template = { readonly metadata: { readonly labels: object }; readonly spec: Pod }
type Ingress = { readonly from?: readonly object[]; readonly ports: readonly { readonly port: number }[] }

function templateOf(desired: Desired): Template {
  const { spec } = objectsOf(desired).find(object => object.kind === 'Deployment') as unknown as {
    spec: { template: Template }
  }
  return spec.template
}

const podOf = (desired: Desired): Pod => templateOf(desired).spec

const conditions = (desired: Desired): unknown[] =>
  statusesOf(desired).flatMap(({ status }) => status.conditions.map(({ type, status }) => [type, status]))

describe('the first manifest of the documents', () => {
  const desired = translated(parse(v1))

  test('is accepted word for word, and its Secret is found', () => {
    expect(conditions(desired)).toEqual([
      ['Accepted', 'True'],
      ['ResolvedRefs', 'True'],
    ])
  })

  test('becomes all that a pod needs, and its walls before it', () => {
    expect(objectsOf(desired).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'ServiceAccount mcp-my-mcp-server',
      'ConfigMap mcp-my-mcp-server',
      'Service mcp-my-mcp-server',
      'NetworkPolicy mcp-my-mcp-server',
      'Deployment mcp-my-mcp-server',
    ])
  })

  test('has walls that let callers in to the port of the gateway, and nobody to that of the server', () => {
    const { spec } = objectsOf(desired).find(object => object.kind === 'NetworkPolicy') as unknown as {
      spec: { podSelector: { matchLabels: object }; policyTypes: string[]; ingress: Ingress[] }
    }
    const { labels } = templateOf(desired).metadata
    expect(labels).toMatchObject(spec.podSelector.matchLabels)
    expect(spec.policyTypes).toContain('Ingress')
    const open = spec.ingress.flatMap(({ from, ports }) => ports.map(({ port }) => [port, from === undefined]))
    expect(open).toEqual([
      [18080, true],
      [18081, false],
    ])
    const [server] = podOf(desired).containers
    expect(server?.ports.map(({ containerPort }) => containerPort)).toEqual([8080])
  })

  test('runs its image with the limits and the secret that it names', () => {
    const [server] = podOf(desired).containers
    expect(server).toMatchObject({
      image: 'my-mcp-server:latest',
      resources: { limits: { cpu: '500m', memory: '256Mi' } },
    })
    expect(server?.env).toContainEqual({
      name: 'MCP_API_KEY',
      valueFrom: { secretKeyRef: { name: 'api-key', key: 'token' } },
    })
  })

  test('has its health check in the configuration of the gateway', () => {
    expect(desired.gateways[0]?.gateway.servers[0]?.healthCheck).toEqual({ path: '/health', interval: '30s' })
  })

  test('gives the gateway no secret of the server and the server none of the gateway', () => {
    const { initContainers, containers } = podOf(desired)
    expect(JSON.stringify(initContainers)).not.toContain('api-key')
    expect(JSON.stringify(containers)).not.toContain('guard')
    expect(JSON.stringify(desired.gateways)).not.toContain('api-key')
  })
})

test('the second manifest is accepted with a name added', () => {
  const desired = translated(parse(v2))
  expect(conditions(desired)).toEqual([
    ['Accepted', 'True'],
    ['ResolvedRefs', 'True'],
  ])
  expect(podOf(desired).containers[0]?.image).toBe('internal-registry/weather-mcp:v1.2')
})

test('secrets become a variable and a folder of the server', () => {
  const { containers, volumes } = podOf(translated(parse(v4)))
  expect(containers[0]?.env).toContainEqual({
    name: 'WEATHER_API_KEY',
    valueFrom: { secretKeyRef: { name: 'weather-api-key', key: 'token' } },
  })
  const mount = containers[0]?.volumeMounts.find(one => 'mountPath' in one && one.mountPath === '/secrets/db')
  expect(mount).toMatchObject({ readOnly: true })
  const { name } = mount as { name: string }
  expect(volumes).toContainEqual({ name, secret: { secretName: 'database-creds', defaultMode: 0o440 } })
})

describe('every container', () => {
  const { securityContext, resources } = parse(v5) as { securityContext: object; resources: object }
  const bare = {
    apiVersion: 'mcp.gateway.io/v1',
    kind: 'MCPServer',
    metadata: { name: 'bare' },
    spec: { image: 'bare:1' },
  }
  const { initContainers, containers } = podOf(translated(bare))

  test.each([...initContainers, ...containers].map(one => [one.name, one] as const))(
    'has the security context that is prescribed: %s',
    (_, container) => {
      expect(container.securityContext).toMatchObject(securityContext)
    },
  )

  test('of a server has the resources that are prescribed when it names none', () => {
    expect(containers.map(container => container.resources)).toEqual([resources])
  })

  test('of a server stands behind its gateway, which starts first and has a user of its own', () => {
    expect(initContainers[0]).toMatchObject({ name: 'gateway', restartPolicy: 'Always' })
    const users = [...initContainers, ...containers].map(
      one => (one.securityContext as { runAsUser: number }).runAsUser,
    )
    expect(new Set(users).size).toBe(2)
  })
})

describe('tools whose names match the patterns of the documents', () => {
  const given = ['*exec*', '*shell*', '*eval*', '*file_write*', '*delete*', '*network*', '*http_request*']

  test('need an approval when no policy says otherwise', () => {
    expect(translated(parse(v2)).gateways[0]?.gateway.servers[0]?.tools).toEqual({
      dangerousPatterns: given,
      approved: [],
    })
  })
})

describe('policies by server name, or * for all', () => {
  const server = (name: string) => ({
    apiVersion: 'mcp.gateway.io/v1',
    kind: 'MCPServer',
    metadata: { name },
    spec: { url: `http://${name}.svc/mcp` },
  })
  const policy = (name: string, servers: string[], forbiddenKeywords: string[]) => ({
    apiVersion: 'mcp.gateway.io/v1',
    kind: 'GuardrailPolicy',
    metadata: { name },
    spec: { servers, input: { forbiddenKeywords } },
  })

  test('hold for the servers that they name, all others beside them', () => {
    const desired = translated(
      server('payment-mcp'),
      server('weather'),
      policy('strict-financial', ['payment-mcp', 'banking-mcp'], ['password', 'secret', 'key']),
      policy('standard', ['*'], ['internal']),
    )
    const words = desired.gateways.map(({ name, gateway }) => [
      name,
      gateway.servers[0]?.guardrails.rules.flatMap(rule => rule.detector.keywords?.words ?? []).sort(),
    ])
    expect(words).toEqual([
      ['default/payment-mcp', ['internal', 'key', 'password', 'secret']],
      ['default/weather', ['internal']],
    ])
  })
})
