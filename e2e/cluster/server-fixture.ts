import { callFrom, keyOf, type Called } from './caller.ts'
import { callerPod, gateway, key, server } from './manifests.ts'
import { demand, eventually, inNamespace, type Stage } from './stage.ts'

/** A namespace with a server that is ready, a key for it, and a pod from which it is called. */
export type ServerFixture = {
  readonly namespace: string
  readonly server: string
  readonly url: string
  /** The key of the caller. */
  readonly key: string
  call(tool: string, args?: object): Promise<Called>
}

type Fields = Readonly<Record<string, unknown>>

export type Condition = {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

type Status = { readonly status?: { readonly conditions?: readonly Condition[] } }

export async function conditionsOf(stage: Stage, namespace: string, name: string): Promise<readonly Condition[]> {
  const { status } = await stage.kubectl.json<Status>(['get', '-n', namespace, 'mcpserver', name])
  return status?.conditions ?? []
}

export const readable = ({ type, status, reason, message }: Condition): string =>
  `${type}=${status} ${reason}: ${message}`

/** Waits until a server is ready; throws with the conditions that are not fulfilled. Answers with the time it took, in seconds. */
export async function untilReady(stage: Stage, namespace: string, name: string, within = 90_000): Promise<number> {
  const began = performance.now()
  await eventually(async () => {
    const conditions = await conditionsOf(stage, namespace, name)
    const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
    demand(
      isReady,
      conditions
        .filter(({ status }) => status !== 'True')
        .map(readable)
        .join('; ') || 'no conditions yet',
    )
  }, within)
  return (performance.now() - began) / 1000
}

/** Names of the pods of a server that are not being deleted. */
export async function podsOf({ kubectl }: Stage, namespace: string, name: string): Promise<readonly string[]> {
  const selector = `app.kubernetes.io/name=mcp-server,app.kubernetes.io/instance=${name}`
  type Pods = { items: { metadata: { name: string; deletionTimestamp?: string } }[] }
  const { items } = await kubectl.json<Pods>(['get', 'pods', '-n', namespace, '-l', selector])
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name)
}

/** @param more further fields of the server, and of the namespace's MCPGateway */
export async function withServer(
  stage: Stage,
  namespace: string,
  more: { readonly server?: Fields; readonly gateway?: Fields },
  run: (fixture: ServerFixture) => Promise<void>,
): Promise<void> {
  const { kubectl } = stage
  const name = 'one'
  const url = `http://mcp-${name}.${namespace}.svc:8080/mcp/${name}`
  await inNamespace(kubectl, namespace, async () => {
    const documents = [
      gateway(namespace, more.gateway),
      server(namespace, name, more.server),
      key(namespace, 'ann', [name]),
    ]
    await kubectl.apply([...documents, callerPod(namespace)].join('\n'))
    await untilReady(stage, namespace, name)
    await kubectl.ok(['wait', '-n', namespace, 'pod/caller', '--for=condition=Ready', '--timeout=60s'])
    const secret = await keyOf(kubectl, namespace, 'ann-key')
    const call: ServerFixture['call'] = (tool, args = {}) =>
      callFrom(kubectl, namespace, 'caller', { url, key: secret, tool, args })
    await run({ namespace, server: name, url, key: secret, call })
  })
}
