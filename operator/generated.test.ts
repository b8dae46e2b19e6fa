import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from '../hack/controlplane/absent.ts'
import { controlPlane } from '../hack/controlplane/index.ts'
import type { Rest } from '../hack/controlplane/rest.ts'
import { apiKey, server } from '../hack/operator/documents.ts'
import {
  applyAll,
  find,
  list,
  namespaces,
  operate,
  operatorNamespace,
  paths,
  until,
  type Found,
  type OwnControlPlane,
} from '../hack/operator/stage.ts'

const generated = ['alice', 'bob', 'carol']
/** Of no key that anybody has. */
const lateDigest = `sha256:${'0'.repeat(64)}`

const dataOf = (object: unknown): string => JSON.stringify((object as Found)['data'] ?? {})

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
  const configuration = async (): Promise<Found | undefined> => find(rest, 'ConfigMap', 'restart', 'mcp-one')

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
})
