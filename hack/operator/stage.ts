import type { OwnControlPlane, ControlPlane } from '../controlplane/index.ts'
import type { Json, Rest } from '../controlplane/rest.ts'
import { startOperator } from '../../operator/start.ts'
import type { Operator, OperatorOptions } from '../../operator/options.ts'
import { keep } from '../minted.ts'

export const operatorNamespace = 'bartizan-system'

/** The lease of the real thing, which a loaded machine does not lose; who waits for it looks often. */
const lease = { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 300 }

export type Line = { readonly level: string; readonly event: string; readonly fields: Record<string, unknown> }

/** An operator in this process, and what it said. */
export type Staged = Operator & { readonly lines: Line[]; errors(): string[] }

let started = 0

/** Starts an operator on a control plane, as the administrator unless others are given, and without a look at the fence around its user. */
export async function operate(plane: ControlPlane, more: Partial<OperatorOptions> = {}): Promise<Staged> {
  const lines: Line[] = []
  const at =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}): void => {
      lines.push({ level, event, fields })
      keep('log', 'operator', JSON.stringify(fields))
    }
  const operator = await startOperator({
    credentials: plane.admin,
    namespace: operatorNamespace,
    identity: `operator-${++started}`,
    gatewayImage: 'example.test/gateway:1',
    lease,
    lost: () => {},
    unfenced: true,
    log: { info: at('info'), warn: at('warn'), error: at('error') },
    ...more,
  })
  const errors = (): string[] =>
    lines.filter(({ level }) => level === 'error').map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`)
  return { ...operator, lines, errors }
}

/** Runs kubectl and throws when it fails. */
export async function kubectl(plane: ControlPlane, args: readonly string[], input?: string): Promise<string> {
  const { status, stdout, stderr } = await plane.kubectl(args, input)
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
  return stdout
}

export const applyAll = (plane: ControlPlane, namespace: string, documents: string): Promise<string> =>
  kubectl(plane, ['apply', '-n', namespace, '-f', '-'], documents)

export async function namespaces(plane: ControlPlane, ...names: readonly string[]): Promise<void> {
  for (const name of names) await kubectl(plane, ['create', 'namespace', name])
}

/** Where the kinds that the operator writes are found. */
export const paths = {
  MCPServer: (ns: string) => `/apis/mcp.gateway.io/v1/namespaces/${ns}/mcpservers`,
  APIKey: (ns: string) => `/apis/mcp.gateway.io/v1/namespaces/${ns}/apikeys`,
  GuardrailPolicy: (ns: string) => `/apis/mcp.gateway.io/v1/namespaces/${ns}/guardrailpolicies`,
  MCPGateway: (ns: string) => `/apis/mcp.gateway.io/v1/namespaces/${ns}/mcpgateways`,
  Deployment: (ns: string) => `/apis/apps/v1/namespaces/${ns}/deployments`,
  NetworkPolicy: (ns: string) => `/apis/networking.k8s.io/v1/namespaces/${ns}/networkpolicies`,
  Service: (ns: string) => `/api/v1/namespaces/${ns}/services`,
  ConfigMap: (ns: string) => `/api/v1/namespaces/${ns}/configmaps`,
  ServiceAccount: (ns: string) => `/api/v1/namespaces/${ns}/serviceaccounts`,
  Secret: (ns: string) => `/api/v1/namespaces/${ns}/secrets`,
} as const

type Metadata = {
  name: string
  namespace: string
  uid: string
  resourceVersion: string
  generation?: number
  labels?: Record<string, string>
  deletionTimestamp?: string
}
export type ListedObject = Json & { readonly metadata: Metadata }

export async function list(rest: Rest, kind: keyof typeof paths, namespace: string): Promise<ListedObject[]> {
  const { body } = await rest.request('GET', paths[kind](namespace))
  return (body['items'] ?? []) as ListedObject[]
}

export async function find(
  rest: Rest,
  kind: keyof typeof paths,
  namespace: string,
  name: string,
): Promise<ListedObject | undefined> {
  const { status, body } = await rest.request('GET', `${paths[kind](namespace)}/${name}`)
  return status === 200 ? (body as ListedObject) : undefined
}

/** Resource versions of everything in a namespace that the operator writes: equal ones mean that nothing was written. */
export async function versions(rest: Rest, namespace: string): Promise<Record<string, string>> {
  const kinds = Object.keys(paths) as (keyof typeof paths)[]
  const all = await Promise.all(
    kinds.map(async kind => (await list(rest, kind, namespace)).map(one => [kind, one] as const)),
  )
  return Object.fromEntries(
    all.flat().map(([kind, { metadata }]) => [`${kind}/${metadata.name}`, metadata.resourceVersion]),
  )
}

type Condition = {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly lastTransitionTime: string
}

export const conditionsOf = (object: Json | undefined): readonly Condition[] =>
  (object?.['status'] as { conditions?: Condition[] } | undefined)?.conditions ?? []

export const conditionOf = (object: Json | undefined, type: string): Condition | undefined =>
  conditionsOf(object).find(condition => condition.type === type)

/** Resolves with the answer as soon as it is one, asking again and again; rejects after `within` milliseconds, with what was last said. */
export async function until<T>(ask: () => Promise<T | undefined | false>, what: string, within = 60_000): Promise<T> {
  const end = Date.now() + within
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** Resolves when nothing in the namespace has been written for a while. */
export async function quiet(rest: Rest, namespace: string, calm = 1500): Promise<Record<string, string>> {
  let last = await versions(rest, namespace)
  let since = Date.now()
  return until(
    async () => {
      const now = await versions(rest, namespace)
      if (JSON.stringify(now) !== JSON.stringify(last)) {
        last = now
        since = Date.now()
      }
      return Date.now() - since > calm ? now : undefined
    },
    `calm in ${namespace}`,
    120_000,
  )
}

export type { OwnControlPlane }
