import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { controlPlane } from '../../hack/controlplane/index.ts'
import type { Rest } from '../../hack/controlplane/rest.ts'
import { apiKey, server } from '../../hack/operator/documents.ts'
import {
  applyAll,
  conditionOf,
  find,
  namespaces,
  operate,
  operatorNamespace,
  quiet,
  until,
  versions,
  type OwnControlPlane,
} from '../../hack/operator/stage.ts'

const documents = server('one') + apiKey('alice', { generate: { secretName: 'alice-key' } })

/** A gate that closes for good before the n-th write. Each write asks it three times: when it is made, when a socket takes it, and when the server waits for it. */
function dyingBefore(n: number): { readonly gate: () => boolean; readonly isDead: () => boolean } {
  let asked = 0
  return { gate: () => ++asked <= 3 * (n - 1), isDead: () => asked > 3 * (n - 1) }
}

/** More writes than one namespace takes, and as many as are tried. */
const most = 60
const deaths = 20

describe.skipIf(noControlPlane)('an operator that dies between two writes', () => {
  let plane: OwnControlPlane
  let rest: Rest
  beforeAll(async () => {
    plane = await controlPlane({ crds: true })
    rest = plane.rest()
    await namespaces(plane, operatorNamespace)
  })
  afterAll(() => plane?.stop())

  const isDone = async (namespace: string): Promise<boolean> => {
    const [server, key, deployment] = await Promise.all([
      find(rest, 'MCPServer', namespace, 'one'),
      find(rest, 'APIKey', namespace, 'alice'),
      find(rest, 'Deployment', namespace, 'mcp-one'),
    ])
    return deployment !== undefined && [server, key].every(one => conditionOf(one, 'Accepted') !== undefined)
  }

  const kindsOf = async (namespace: string): Promise<string[]> => {
    const names = Object.keys(await versions(rest, namespace))
    return names.map(name => name.replace(/last-good-.*/, 'last-good')).toSorted()
  }

  test('is followed by one that finishes, whichever write it was', { timeout: 600_000 }, async () => {
    let reference: string[] | undefined
    // The first one survives: what it makes is what all others have to come to.
    for (const n of [most, ...Array.from({ length: deaths }, (_, at) => deaths - at)]) {
      const namespace = `death-${n}`
      await namespaces(plane, namespace)
      await applyAll(plane, namespace, documents)
      const { gate, isDead } = dyingBefore(n)
      const first = await operate(plane, { gate })
      await until(async () => isDead() || (await isDone(namespace)), 'the first operator to die or to finish')
      await first.stop()
      const second = await operate(plane)
      await until(() => isDone(namespace), `everything after a death before write ${n}`)
      await quiet(rest, namespace, 300)
      await second.stop()
      reference ??= await kindsOf(namespace)
      expect(await kindsOf(namespace), `after a death before write ${n}`).toEqual(reference)
    }
    expect(reference).toContain('Deployment/mcp-one')
    expect(reference).toContain('Secret/one-guard')
  })
})
