import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { controlPlane } from '../../hack/controlplane/index.ts'
import type { Rest } from '../../hack/controlplane/rest.ts'
import { apiKey, server } from '../../hack/operator/documents.ts'
import {
  applyAll,
  conditionOf,
  find,
  list,
  namespaces,
  operate,
  operatorNamespace,
  paths,
  until,
  type ListedObject,
  type OwnControlPlane,
} from '../../hack/operator/stage.ts'

const generated = ['alice', 'bob', 'carol']
/** Of no key that anybody has. */
const lateDigest = `sha256:${'0'.repeat(64)}`

const dataOf = (object: unknown): string => JSON.stringify((object as ListedObject)['data'] ?? {})

describe.skipIf(noControlPlane)('generated keys on a real API server', () => {
  let plane: OwnControlPlane
  let rest: Rest
  beforeAll(async () => {
    plane = await controlPlane({ crds: true })
    rest = plane.rest()
    await namespaces(plane, operatorNamespace, 'restart')
  })
  afterAll(() => plane?.stop())

  const digests = async (): Promise<string[]> => {
    const kept = (await list(rest, 'Secret', 'restart')).flatMap(({ data }) => {
      const { digest } = (data ?? {}) as { digest?: string }
      return digest === undefined ? [] : [Buffer.from(digest, 'base64').toString()]
    })
    return kept.length === generated.length ? kept : []
  }
  const configuration = async (): Promise<ListedObject | undefined> => find(rest, 'ConfigMap', 'restart', 'mcp-one')

  test('stay in force while an operator that knows nothing yet takes over', async () => {
    const first = await operate(plane)
    await first.elected()
    await applyAll(
      plane,
      'restart',
      server('one') + generated.map(name => apiKey(name, { generate: { secretName: `${name}-key` } })).join(''),
    )
    const before = await until(async () => {
      const [wanted, now] = [await digests(), await configuration()]
      return wanted.length > 0 && now && wanted.every(digest => dataOf(now).includes(digest)) && now
    }, 'the digests of all keys to be in force')
    await first.stop()

    const wanted = await digests()
    const versions: string[] = []
    const watching = new AbortController()
    const query = `?watch=1&fieldSelector=metadata.name%3Dmcp-one&resourceVersion=${before.metadata.resourceVersion}`
    const watched = rest
      .watch(paths.ConfigMap('restart') + query, ({ object }) => versions.push(dataOf(object)), watching.signal)
      .catch(() => {})
    // Something to write, which comes with the first plan of the successor.
    await applyAll(plane, 'restart', apiKey('late', { digests: [lateDigest] }))
    const second = await operate(plane)
    await second.elected()
    await until(async () => versions.some(one => one.includes(lateDigest)), 'the successor to write')
    await second.stop()
    watching.abort()
    await watched
    expect(versions.map(one => wanted.filter(digest => !one.includes(digest)))).toEqual(versions.map(() => []))
  })

  test('stand when another key asks for the same Secret, or somebody makes one of its name, and make room when they go', async () => {
    await namespaces(plane, 'rivals')
    const operator = await operate(plane)
    await operator.elected()
    const wish = (name: string): string => apiKey(name, { generate: { secretName: 'shared' } })
    const acceptedOf = async (name: string): Promise<string | undefined> =>
      conditionOf(await find(rest, 'APIKey', 'rivals', name), 'Accepted')?.reason
    const digestOf = async (name: string): Promise<string | undefined> => {
      const { digest } = ((await find(rest, 'Secret', 'rivals', `${name}-digest`))?.['data'] ?? {}) as {
        digest?: string
      }
      return digest && Buffer.from(digest, 'base64').toString()
    }
    const isInForce = (digest: string) => async (): Promise<boolean> =>
      dataOf(await find(rest, 'ConfigMap', 'rivals', 'mcp-one')).includes(digest)
    const path = (name: string): string => `${paths.Secret('rivals')}/${name}`
    await applyAll(plane, 'rivals', server('one') + wish('first'))
    await until(async () => find(rest, 'Secret', 'rivals', 'shared'), 'the key of the first')
    const digest = (await digestOf('first'))!
    await until(isInForce(digest), 'the first key to be in force')

    await applyAll(plane, 'rivals', wish('second'))
    await until(async () => (await acceptedOf('second')) === 'SecretReserved', 'the second to be refused')
    expect([await acceptedOf('first'), await isInForce(digest)()]).toEqual(['Accepted', true])

    // As it is told: the key is fetched and its Secret deleted. Then anybody makes one of that name.
    await rest.request('DELETE', path('shared'))
    const foreign = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'shared' }, stringData: { note: 'x' } }
    await rest.request('POST', paths.Secret('rivals'), foreign)
    await applyAll(
      plane,
      'rivals',
      apiKey('first', { generate: { secretName: 'shared' }, expiresAt: '2099-01-01T00:00:00Z' }),
    )
    await until(
      async () => conditionOf(await find(rest, 'APIKey', 'rivals', 'first'), 'Generated')?.reason === 'Collected',
      'the first to be seen as collected',
    )
    expect(await isInForce(digest)()).toBe(true)

    await rest.request('DELETE', path('shared'))
    await rest.request('DELETE', `${paths.APIKey('rivals')}/first`)
    const second = await until(async () => digestOf('second'), 'the second key to be made')
    await until(isInForce(second), 'the second key to be in force')
    expect([await acceptedOf('second'), await isInForce(digest)()]).toEqual(['Accepted', false])
    await operator.stop()
  })
  test('of an older one that asks for the Secret of a collected one nothing changes when another operator takes over', async () => {
    await namespaces(plane, 'collected')
    const first = await operate(plane)
    await first.elected()
    const wish = (name: string, secretName: string): Promise<string> =>
      applyAll(plane, 'collected', apiKey(name, { generate: { secretName } }))
    const acceptedOf = async (name: string): Promise<string | undefined> =>
      conditionOf(await find(rest, 'APIKey', 'collected', name), 'Accepted')?.reason
    const recordOf = async (name: string): Promise<unknown> =>
      (await find(rest, 'Secret', 'collected', `${name}-digest`))?.['data']
    await wish('older', 'hers')
    const { creationTimestamp } = (await find(rest, 'APIKey', 'collected', 'older'))!.metadata as unknown as {
      readonly creationTimestamp: string
    }
    await until(async () => find(rest, 'Secret', 'collected', 'hers'), 'the key of the older one')
    await until(async () => Date.now() >= Date.parse(creationTimestamp) + 1000, 'the next second')
    await wish('younger', 'his')
    await until(async () => find(rest, 'Secret', 'collected', 'his'), 'the key of the younger one')
    await rest.request('DELETE', `${paths.Secret('collected')}/his`)
    await wish('older', 'his')
    await until(async () => (await acceptedOf('older')) === 'SecretReserved', 'the older one to be refused')
    const records = [await recordOf('older'), await recordOf('younger')]
    await first.stop()

    const second = await operate(plane)
    await second.elected()
    await wish('late', 'late')
    await until(async () => find(rest, 'Secret', 'collected', 'late'), 'the successor to make a key')
    expect([await recordOf('older'), await recordOf('younger')]).toEqual(records)
    expect(await find(rest, 'Secret', 'collected', 'his')).toBeUndefined()
    expect([await acceptedOf('older'), await acceptedOf('younger')]).toEqual(['SecretReserved', 'Accepted'])
    await second.stop()
  })
})
