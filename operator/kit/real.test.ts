import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../../hack/controlplane/index.ts'
import type { ApiError } from './api-error.ts'
import { Client, type WatchEvent } from './client.ts'
import type { Credentials } from './credentials.ts'
import { Recorder } from './events.ts'
import { Reflector, type ReflectorOptions } from './reflector.ts'
import { compareVersions, type ApiObject, type Resource } from './resource.ts'
import { until } from './testing/manual-clock.ts'

const configMaps: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }
const namespace = 'default'
const folder = mkdtempSync(join(tmpdir(), 'bartizan-kit-real-'))
const cleanups: (() => unknown)[] = []
let plane: OwnControlPlane
let client: Client
let marks = 0

function clientOf(credentials: Credentials): Client {
  const made = new Client({ credentials })
  cleanups.push(() => made.close())
  return made
}

/** A reflector of the ConfigMaps, which is stopped after the test. */
function reflect(options: Partial<ReflectorOptions> = {}): Reflector & { readonly ended: string[] } {
  const ended: string[] = []
  const warn = (_: string, fields: Record<string, unknown> = {}): void => void ended.push(String(fields['error']))
  const log = { info() {}, warn, error: warn }
  const made = new Reflector({ client, resource: configMaps, namespace, onChange() {}, log, ...options })
  const stop = new AbortController()
  const running = made.run(stop.signal)
  cleanups.push(() => (stop.abort(), running))
  return Object.assign(made, { ended })
}

/** Somebody else makes an object, and the reflector must come to know it. */
async function sees(reflector: Reflector): Promise<void> {
  const name = `mark-${++marks}`
  const made = await plane.kubectl(['create', 'configmap', name, '-n', namespace])
  expect(made.stderr).toBe('')
  await until(() => reflector.store.get(namespace, name) !== undefined)
}

const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
  const { status, stdout, stderr } = await plane.kubectl(args, input)
  if (status !== 0) throw new Error(stderr)
  return stdout
}

const failureOf = (work: Promise<unknown>): Promise<ApiError | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => error as ApiError,
  )

describe.skipIf(noControlPlane)('on a real API server', () => {
  beforeAll(async () => {
    plane = await controlPlane()
    client = new Client({ credentials: plane.admin })
    await kubectl(['create', 'role', 'reader', '-n', namespace, '--verb=get,list,watch', '--resource=configmaps'])
  })
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  afterAll(async () => {
    await client?.close()
    await plane?.stop()
    rmSync(folder, { recursive: true })
  })

  test('an identical apply writes nothing, and what is left out is removed', async () => {
    const object = (data: Record<string, string>): ApiObject => ({ metadata: { name: 'applied', namespace }, data })
    const apply = (data: Record<string, string>) => client.apply(configMaps, namespace, object(data), { manager: 'm' })
    const first = await apply({ a: '1', b: '2' })
    const again = await apply({ a: '1', b: '2' })
    const less = await apply({ a: '1' })
    expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    expect(less.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion)
    expect(less['data']).toEqual({ a: '1' })
  })

  test('metadata alone travels when only that is asked for, in lists and in watches', async () => {
    const reflector = reflect({ metadataOnly: true })
    await kubectl(['create', 'configmap', 'full-1', '-n', namespace, '--from-literal=a=1'])
    await reflector.whenSynced()
    await kubectl(['create', 'configmap', 'full-2', '-n', namespace, '--from-literal=a=1'])
    await until(() => reflector.store.get(namespace, 'full-2') !== undefined)
    for (const name of ['full-1', 'full-2'])
      expect(reflector.store.get(namespace, name)).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' })
    expect(reflector.store.list().flatMap(object => Object.keys(object['data'] ?? {}))).toEqual([])
  })

  test('a reflector comes back after the server was killed', async () => {
    const reflector = reflect()
    await reflector.whenSynced()
    await plane.kill()
    expect((await failureOf(client.get(configMaps, namespace, 'kube-root-ca.crt')))?.reason).toBe('Unreachable')
    await plane.restart()
    await sees(reflector)
  })

  test('a reflector notices by itself that the server is frozen, and comes back when it thaws', async () => {
    const reflector = reflect({ watchdog: 3000 })
    await reflector.whenSynced()
    plane.freeze()
    await until(() => reflector.ended.length >= 3)
    plane.thaw()
    await sees(reflector)
    expect(reflector.ended.slice(0, 3)).toEqual(Array(3).fill('neither event nor bookmark for 3000 ms'))
  })

  test('a reflector lists again when the history that it needs was compacted', async () => {
    const reflector = reflect()
    await reflector.whenSynced()
    for (let at = 0; at < 5; at++) await kubectl(['create', 'namespace', `history-${at}`])
    await plane.compact()
    await plane.kill()
    await plane.restart()
    await sees(reflector)
    expect(reflector.ended.join('\n')).toMatch(/too old/)
  })

  test('a token that ended is replaced by the one in the file, while the watch stays open', async () => {
    const account = async (): Promise<string> => {
      await kubectl(['create', 'serviceaccount', 'rotating', '-n', namespace])
      return plane.token(namespace, 'rotating')
    }
    const grant = ['--role=reader', `--serviceaccount=${namespace}:rotating`, '-n', namespace]
    await kubectl(['create', 'rolebinding', 'rotating', ...grant])
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, await account())
    const rotating = clientOf({ server: plane.url, ca: plane.ca, tokenFile })
    const reflector = reflect({ client: rotating })
    await reflector.whenSynced()
    // Another account of the same name: the server refuses the tokens of the first.
    await kubectl(['delete', 'serviceaccount', 'rotating', '-n', namespace])
    const fresh = await account()
    let refused: ApiError | undefined
    while (refused === undefined) refused = await failureOf(rotating.get(configMaps, namespace, 'mark-1'))
    expect(refused.status).toBe(401)
    writeFileSync(tokenFile, fresh)
    await rotating.get(configMaps, namespace, 'mark-1')
    await sees(reflector)
    expect(reflector.ended).toEqual([])
  })

  test('a reflector that is throttled waits as it is told, and syncs when it may', async () => {
    const api = 'flowcontrol.apiserver.k8s.io/v1'
    const level = {
      apiVersion: api,
      kind: 'PriorityLevelConfiguration',
      metadata: { name: 'nothing' },
      spec: {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 0, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } },
      },
    }
    const schema = {
      apiVersion: api,
      kind: 'FlowSchema',
      metadata: { name: 'throttled' },
      spec: {
        priorityLevelConfiguration: { name: 'nothing' },
        matchingPrecedence: 2,
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'throttled' } }],
            resourceRules: [
              { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] },
            ],
          },
        ],
      },
    }
    await kubectl(['create', 'rolebinding', 'throttled', '--role=reader', '--user=throttled', '-n', namespace])
    await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [level, schema] }))
    const throttled = clientOf(await plane.user('throttled'))
    // One request at a time is still served, so one is always made to wait there for a version that never comes.
    const far = { namespace, resourceVersion: '999999999' }
    const held = new AbortController()
    const hold = async (): Promise<void> => {
      while (!held.signal.aborted) await throttled.list(configMaps, far).catch(() => {})
    }
    const holding = Promise.all([hold(), hold()])
    let refused: ApiError | undefined
    while (refused?.status !== 429) refused = await failureOf(throttled.list(configMaps, { namespace }))
    expect(refused.retryAfter).toBe(1000)
    let reflector = reflect({ client: throttled })
    const isDecided = (): boolean => reflector.synced || reflector.ended.length > 0
    for (await until(isDecided); reflector.synced; await until(isDecided)) reflector = reflect({ client: throttled })
    held.abort()
    await kubectl(['delete', 'flowschema', 'throttled'])
    await holding
    await reflector.whenSynced()
    await sees(reflector)
    expect(reflector.ended[0]).toMatch(/too many requests/i)
  })

  test('the server does not do what it was asked so long ago that it has given up', async () => {
    const late = async (): Promise<void> => {
      const { server, ca, cert, key } = plane.admin
      const body = JSON.stringify({ metadata: { name: 'late' } })
      const path = `/api/v1/namespaces/${namespace}/configmaps?timeout=0.3s`
      const headers = { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' }
      const call = request(`${server}${path}`, { ca, cert, key, agent: false, method: 'POST', headers })
      const answered = once(call, 'response') as Promise<[IncomingMessage]>
      await once(call, 'continue')
      const [answer] = await answered
      expect(answer.statusCode).toBe(504)
      call.on('error', () => {}).end(body)
      await once(call.socket!, 'close')
    }
    await late()
    const missing = await failureOf(client.get(configMaps, namespace, 'late'))
    expect(missing?.status).toBe(404)
  })

  test('an event is written once and then counted', async () => {
    const regarding = await client.get(configMaps, namespace, 'kube-root-ca.crt').catch(() => undefined)
    const object = regarding ?? (await client.get(configMaps, namespace, 'mark-1'))
    const recorder = new Recorder({ client, controller: 'bartizan.io/operator', instance: 'i' })
    const happened = { regarding: { ...object, ...named }, type: 'Warning', reason: 'Tried', action: 'Test' } as const
    recorder.record({ ...happened, note: 'it was tried' })
    await client.settled()
    recorder.record({ ...happened, note: 'it was tried' })
    await client.settled()
    const found = JSON.parse(await kubectl(['get', 'events.events.k8s.io', '-n', namespace, '-o', 'json'])) as List
    const ours = found.items.filter(({ reason }) => reason === 'Tried')
    expect(ours).toHaveLength(1)
    expect(ours[0]).toMatchObject({ type: 'Warning', note: 'it was tried', series: { count: 2 } })
  })

  describe('of two replicas', () => {
    const times = { leaseDuration: 3000, renewDeadline: 2000, retryPeriod: 300 }
    let writers = 0

    type Writer = { readonly identity: string; readonly child: ChildProcess; readonly said: string[]; ended: boolean }

    function writer(freezeAt?: number): Writer {
      const identity = `writer-${++writers}`
      const child = spawn(process.execPath, [join(import.meta.dirname, 'testing', 'writer.ts')], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      const said: string[] = []
      const self: Writer = { identity, child, said, ended: false }
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => said.push(line))
      child.on('exit', () => (self.ended = true))
      child.stdin?.end(JSON.stringify({ credentials: plane.admin, identity, freezeAt, ...times }))
      cleanups.push(async () => {
        child.kill('SIGKILL')
        await until(() => self.ended)
      })
      return self
    }

    const writes = ({ said }: Writer): number => said.filter(line => line.startsWith('wrote')).length
    const writing = (one: Writer): Promise<void> => {
      const before = writes(one)
      return until(() => writes(one) > before + 20)
    }

    /** Everything that was written, in the order in which the server did it, as those who wrote, each as often as it took over. */
    async function history(): Promise<() => string[]> {
      const stop = new AbortController()
      const events: WatchEvent[] = []
      const watch = async (): Promise<void> => {
        const fieldSelector = 'metadata.name=written'
        for await (const event of client.watch(configMaps, { namespace, fieldSelector, signal: stop.signal }))
          events.push(event)
      }
      const running = watch().catch(() => {})
      cleanups.push(() => (stop.abort(), running))
      return () => {
        const order = events.toSorted((a, b) => compareVersions(versionOf(a), versionOf(b)))
        const who = order.filter(({ type }) => type !== 'BOOKMARK').map(writerOf)
        return who.filter((name, at) => name !== who[at - 1])
      }
    }

    test('the one that is frozen never writes again after the other has begun', async () => {
      const turns = await history()
      const expected: string[] = []
      let leader = writer()
      for (let round = 0; round < 5; round++) {
        await writing(leader)
        expected.push(leader.identity)
        const standby = writer()
        leader.child.kill('SIGSTOP')
        await writing(standby)
        const before = writes(leader)
        leader.child.kill('SIGCONT')
        await until(() => leader.ended)
        await writing(standby)
        expect(leader.said).toContain('lost')
        // Answers that had come before it was frozen may still be printed; none of them is newer than the other's first write.
        expect(writes(leader) - before).toBeLessThanOrEqual(8)
        expect(compareVersions(last(leader), first(standby))).toBeLessThan(0)
        leader = standby
      }
      expected.push(leader.identity)
      await until(() => turns().length >= expected.length)
      expect(turns()).toEqual(expected)
    })

    // A write asks at the call, when a socket takes it, and when the server waits for its body; four go at once, so twelve looks are all kinds.
    test.each([121, 125, 132])(
      'one that was frozen after it had looked, the %ith time, sends nothing any more',
      async at => {
        const leader = writer(at)
        await until(() => writes(leader) > 0)
        const standby = writer()
        await writing(standby)
        leader.child.kill('SIGCONT')
        await until(() => leader.ended)
        await writing(standby)
        expect(leader.said).toContain('lost')
        expect(compareVersions(last(leader), first(standby))).toBeLessThan(0)
      },
    )

    test('both hold still while the server is frozen, and one writes when it thaws', async () => {
      const turns = await history()
      const one = writer()
      await writing(one)
      const other = writer()
      await until(() => other.child.pid !== undefined)
      plane.freeze()
      await until(() => one.ended)
      plane.thaw()
      await writing(other)
      await until(() => turns().length >= 2)
      expect(turns().slice(-2)).toEqual([one.identity, other.identity])
      expect(one.said.at(-1)).toBe('lost')
    })

    test('the one that is told to leave hands over', async () => {
      const one = writer()
      await writing(one)
      const other = writer()
      one.child.kill('SIGTERM')
      await writing(other)
      await until(() => one.ended)
      expect([one.said.at(-1), one.child.exitCode]).toEqual(['released', 0])
      expect(compareVersions(last(one), first(other))).toBeLessThan(0)
    })

    const versions = ({ said }: Writer): string[] =>
      said.filter(line => line.startsWith('wrote')).map(line => line.slice(6))
    const first = (one: Writer): string => versions(one).toSorted(compareVersions)[0] ?? ''
    const last = (one: Writer): string => versions(one).toSorted(compareVersions).at(-1) ?? ''
  })
})

const named = { apiVersion: 'v1', kind: 'ConfigMap' }
type List = { readonly items: readonly Record<string, unknown>[] }
const versionOf = ({ object }: WatchEvent): string => object.metadata.resourceVersion ?? ''
const writerOf = ({ object }: WatchEvent): string => (object['data'] as { writer: string }).writer
