import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initializing, send } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { controlPlane } from '../../hack/controlplane/index.ts'
import type { Kubelet } from '../../hack/controlplane/kubelet.ts'
import type { Rest } from '../../hack/controlplane/rest.ts'
import { mcpServer } from '../../hack/testing/tool-server.ts'
import { mint } from '../../hack/minted.ts'
import { apiKey, server as serverOf } from '../../hack/operator/documents.ts'
import { PodGateways, type PodGateway } from '../../hack/operator/gateways.ts'
import {
  applyAll,
  conditionOf,
  find,
  kubectl,
  namespaces,
  operate,
  operatorNamespace,
  paths,
  until,
  type ListedObject,
  type OwnControlPlane,
  type Staged,
} from '../../hack/operator/stage.ts'

const digestOf = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`

const fieldOf = (secret: ListedObject | undefined, key: string): string =>
  ((secret?.['data'] ?? {}) as Record<string, string>)[key] ?? ''

describe.skipIf(noControlPlane)('the operator and real gateways', () => {
  let plane: OwnControlPlane
  let rest: Rest
  let operator: Staged
  let gateways: PodGateways
  let kubelet: Kubelet
  let upstream: ScriptedUpstream
  beforeAll(async () => {
    plane = await controlPlane({ controllers: true, crds: true })
    rest = plane.rest()
    upstream = await scriptedUpstream(mcpServer('hello', 'well'))
    gateways = new PodGateways(plane)
    kubelet = await plane.kubelet({ nodes: 1, plan: gateways.plan })
    await namespaces(plane, operatorNamespace, 'real')
    operator = await operate(plane)
    await operator.elected()
    await applyAll(plane, 'real', server({}) + alice({}))
    await until(() => ready('weather'), 'the server to be ready')
  })
  afterAll(async () => {
    await operator?.stop()
    kubelet?.stop()
    await gateways?.stop()
    await upstream?.stop()
    await plane?.stop()
  })

  const server = (spec: object): string =>
    serverOf('weather', 'example.test/mcp:1', { port: Number(new URL(upstream.url).port), ...spec })
  const alice = (spec: object): string => apiKey('alice', { generate: { secretName: 'alice-key' }, ...spec })
  const status = async (name: string): Promise<ListedObject | undefined> => find(rest, 'MCPServer', 'real', name)
  const ready = async (name: string): Promise<ListedObject | undefined> => {
    const object = await status(name)
    return conditionOf(object, 'Ready')?.status === 'True' ? object : undefined
  }
  const only = (): PodGateway => [...gateways.running.values()][0]!

  const keyOf = async (secret: string): Promise<string> =>
    Buffer.from(fieldOf(await find(rest, 'Secret', 'real', secret), 'api-key'), 'base64').toString()

  /** Status of a call to a gateway by a client that has a key. */
  const call = async ({ address }: PodGateway, key: string): Promise<number> =>
    (await send(`http://${address}:18080`, { path: '/mcp/weather', key, ...initializing() })).status

  test('say Ready when a handshake has gone through the gateway, with the tools that it saw', async () => {
    const object = await status('weather')
    expect(object?.['status']).toMatchObject({ phase: 'Healthy', tools: { count: 2 }, readyReplicas: 1 })
    for (const type of ['Accepted', 'ResolvedRefs', 'Programmed', 'Available'])
      expect({ type, status: conditionOf(object, type)?.status }).toEqual({ type, status: 'True' })
  })

  test('let in the key that was generated, from the Secret that it was delivered in', async () => {
    expect(await call(only(), await keyOf('alice-key'))).toBe(200)
    expect(await call(only(), 'btz_00000000_nobody')).toBe(401)
  })

  test('say Collected when the Secret has been taken, and never make it again', async () => {
    const key = await keyOf('alice-key')
    await rest.request('DELETE', `${paths.Secret('real')}/alice-key`)
    await rest.request('PATCH', `${paths.APIKey('real')}/alice`, { metadata: { labels: { touched: 'yes' } } })
    await until(
      async () => conditionOf(await find(rest, 'APIKey', 'real', 'alice'), 'Generated')?.reason === 'Collected',
      'Collected',
    )
    await operator.stop()
    operator = await operate(plane)
    await operator.elected()
    await rest.request('PATCH', `${paths.APIKey('real')}/alice`, { metadata: { labels: { touched: 'again' } } })
    await until(async () => operator.lines.length > 0 && ready('weather'), 'the server to be ready')
    expect(await find(rest, 'Secret', 'real', 'alice-key')).toBeUndefined()
    expect(await call(only(), key)).toBe(200)
  })

  test('refuse a key as soon as it is revoked, and the kubelet is told as well', async () => {
    await applyAll(plane, 'real', alice({ generate: { secretName: 'second-key' } }))
    const key = await until(
      async () => (await find(rest, 'Secret', 'real', 'second-key')) && keyOf('second-key'),
      'the second key',
    )
    await until(async () => (await call(only(), key)) === 200, 'the second key to be let in')
    const touches = only().touches.length
    await rest.request('PATCH', `${paths.APIKey('real')}/alice`, { spec: { revoked: true } })
    await until(async () => (await call(only(), key)) === 401, 'the key to be refused')
    await until(async () => only().touches.length > touches, 'the kubelet to be told')
    await rest.request('PATCH', `${paths.APIKey('real')}/alice`, { spec: { revoked: null } })
    await until(async () => (await call(only(), key)) === 200, 'the key to be let in again')
    expect(await call(only(), 'btz_00000000_nobody')).toBe(401)
  })

  test('hear of keys that ended before any kubelet, and believe no older file', async () => {
    const key = mint('api-key')
    const bob = (spec: object): string => apiKey('bob', { digests: [digestOf(key)], ...spec })
    await applyAll(plane, 'real', bob({}))
    await until(async () => (await call(only(), key)) === 200, 'the key to be let in')
    await until(() => ready('weather'), 'the server to be ready')
    only().ignoresTouches = true
    await rest.request('PATCH', `${paths.APIKey('real')}/bob`, { spec: { revoked: true } })
    await until(async () => (await call(only(), key)) === 401, 'the key to be refused without a kubelet')
    // What is mounted is older: the gateway says so, and the key stays refused.
    await until(
      async () => conditionOf(await status('weather'), 'Programmed')?.status === 'False',
      'the operator to see that the file has not arrived',
    )
    expect(await call(only(), key)).toBe(401)
    only().ignoresTouches = false
    await until(() => ready('weather'), 'the file to arrive')
    await rest.request('PATCH', `${paths.APIKey('real')}/bob`, { spec: { revoked: null } })
    await until(async () => (await call(only(), key)) === 200, 'the key to be let in again')
    only().ignoresTouches = true
    await rest.request('DELETE', `${paths.APIKey('real')}/bob`)
    await until(async () => (await call(only(), key)) === 401, 'the key of the object that is gone to be refused')
    only().ignoresTouches = false
    await until(() => ready('weather'), 'the file to arrive')
  })

  /** Resolves when the pod of before has been replaced and the server is ready; what its status said about the gateways meanwhile. */
  const replaced = async (before: PodGateway): Promise<string> => {
    const said = new Set<string>()
    await until(async () => {
      said.add(conditionOf(await status('weather'), 'Programmed')?.message ?? '')
      const others = [...gateways.running.keys()].filter(uid => uid !== before.pod.metadata.uid)
      return others.length === 1 && gateways.running.size === 1 && ready('weather')
    }, 'another pod')
    return [...said].join('\n')
  }

  test('go on while their guard secret is rotated: the operator knows both, and the pods are replaced', async () => {
    const [before, path] = [only(), `${paths.Secret('real')}/weather-guard`]
    const previous = fieldOf(await find(rest, 'Secret', 'real', 'weather-guard'), 'guard')
    const guard = randomBytes(32).toString('base64')
    await rest.request('PATCH', path, { data: { guard, previous } })
    await rest.request('PATCH', `${paths.MCPServer('real')}/weather`, {
      metadata: { annotations: { rotated: 'once' } },
    })
    expect(await replaced(before)).not.toContain('does not know its operator')
    await rest.request('PATCH', path, { data: { previous: null } })
    expect(fieldOf(await find(rest, 'Secret', 'real', 'weather-guard'), 'guard')).toBe(guard)
  })

  test('get another guard secret when theirs was deleted', async () => {
    const before = only()
    const secret = await find(rest, 'Secret', 'real', 'weather-guard')
    await rest.request('DELETE', `${paths.Secret('real')}/weather-guard`)
    await rest.request('PATCH', `${paths.MCPServer('real')}/weather`, {
      metadata: { annotations: { rotated: 'twice' } },
    })
    await replaced(before)
    const now = await find(rest, 'Secret', 'real', 'weather-guard')
    expect([fieldOf(now, 'guard').length, fieldOf(now, 'guard') === fieldOf(secret, 'guard')]).toEqual([44, false])
  })

  test('do not claim what one of two gateways does not run', async () => {
    await kubectl(plane, ['scale', 'mcps/weather', '-n', 'real', '--replicas=2'])
    await until(async () => gateways.running.size === 2 && (await ready('weather'))?.['status'], 'two gateways')
    await until(
      async () => JSON.stringify((await status('weather'))?.['status']).includes('"readyReplicas":2'),
      'two ready replicas',
    )
    const [frozen, other] = [...gateways.running.values()] as [PodGateway, PodGateway]
    frozen.freeze()
    await applyAll(plane, 'real', server({ replicas: 2, toolPolicy: { mode: 'denylist', deniedTools: ['read_file'] } }))
    const condition = await until(async () => {
      const found = conditionOf(await status('weather'), 'Programmed')
      const { message = '' } = found ?? {}
      return message.includes(frozen.pod.metadata.name) && !message.includes(other.pod.metadata.name) && found
    }, 'the one that does not run it to be named alone')
    expect(condition).toMatchObject({ status: 'False' })
    frozen.thaw()
    const object = await until(async () => {
      const now = await ready('weather')
      return (now?.['status'] as { tools?: { count: number } } | undefined)?.tools?.count === 1 && now
    }, 'both to run the new policy')
    expect(conditionOf(object, 'Programmed')).toMatchObject({ status: 'True' })
  })

  test('never wake a server that is stopped', async () => {
    await applyAll(plane, 'real', server({ replicas: 2, stopped: true }))
    await until(async () => gateways.running.size === 0 && (await status('weather'))?.['status'], 'no pod')
    const object = await until(async () => {
      const now = await status('weather')
      return (now?.['status'] as { phase?: string } | undefined)?.phase === 'Stopped' && now
    }, 'Stopped')
    expect(conditionOf(object, 'Ready')).toMatchObject({ status: 'False' })
  })
})
