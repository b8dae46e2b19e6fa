import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from '../../hack/controlplane/absent.ts'
import { controlPlane, type OwnControlPlane } from '../../hack/controlplane/index.ts'
import type { Json } from '../../hack/controlplane/rest.ts'
import { filesLike, manifestsIn } from '../../hack/manifests/files.ts'
import { install } from '../../hack/manifests/install.ts'
import { operate, operatorNamespace, until, type Staged } from '../../hack/operator/stage.ts'
import { fenceProbes } from './probes.ts'
import { pathOf } from '../kit/resource.ts'

const bindings = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings'
const policies = fenceProbes(operatorNamespace).map(({ policy }) => policy)

describe('the policies of the fence', () => {
  test('are each tried', () => {
    const named = filesLike('config/admission/operator*.yaml')
      .flatMap(({ text }) => manifestsIn(text))
      .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
      .map(({ metadata }) => metadata?.name ?? '')
    expect(policies.map(policy => `${policy}.mcp.gateway.io`).toSorted()).toEqual(named.toSorted())
  })
})

describe.skipIf(noControlPlane)('an operator that is started', () => {
  let plane: OwnControlPlane
  let operator: Staged | undefined

  beforeAll(async () => {
    plane = await controlPlane({ controllers: true })
    await install(plane, 'team')
  })
  afterAll(async () => {
    await operator?.stop()
    await plane?.stop()
  })

  const start = async (unfenced = false, as?: 'admin'): Promise<Staged> => {
    await operator?.stop()
    const credentials = as ? plane.admin : await plane.account(operatorNamespace, 'bartizan-operator')
    operator = await operate(plane, { credentials, unfenced, port: 0 })
    return operator
  }
  const page = async (path: string): Promise<string> => (await fetch(`http://[::1]:${operator?.port}${path}`)).text()
  const ready = async (): Promise<string | undefined> => {
    const text = await page('/readyz')
    return text === 'ok\n' ? text : undefined
  }
  const says = (wanted: string) => until(async () => (await page('/readyz')).includes(wanted), wanted)
  /** What the API server answers the operator's user to what a policy has to refuse. */
  const tried = async (policy: string): Promise<number> => {
    const { resource, object } = fenceProbes(operatorNamespace).find(one => one.policy === policy)!
    const rest = plane.rest(await plane.account(operatorNamespace, 'bartizan-operator'))
    return (await rest.request('POST', `${pathOf(resource, operatorNamespace)}?dryRun=All`, object)).status
  }
  const without = async (policy: string, during: () => Promise<void>): Promise<void> => {
    const path = `${bindings}/${policy}.mcp.gateway.io`
    const { body } = await plane.rest().request('GET', path)
    await plane.rest().request('DELETE', path)
    await until(async () => (await tried(policy)) === 201, `the end of ${policy}`)
    try {
      await during()
    } finally {
      const { resourceVersion: _, uid: __, ...metadata } = body['metadata'] as Json
      await plane.rest().request('POST', bindings, { ...body, metadata })
      await until(async () => (await tried(policy)) === 403, `${policy} again`)
    }
  }

  test('inside its fence is ready, and nothing was written for it', async () => {
    const { lines } = await start()
    await until(ready, 'readiness')
    expect(lines.filter(({ event }) => event === 'fenced')).toHaveLength(1)
    expect(await page('/metrics')).toContain('bartizan_fence_holds{policy="operator-secrets"} 1')
    for (const kind of ['configmaps', 'secrets', 'services'])
      expect(
        JSON.stringify((await plane.rest().request('GET', `/api/v1/namespaces/${operatorNamespace}/${kind}`)).body),
      ).not.toContain('bartizan-fence-probe')
  })

  test.each(policies)('without the policy %s is not ready, and says why', async policy => {
    await without(policy, async () => {
      const started = await start()
      const wanted = `unfenced: the admission policy ${policy} let through`
      await says(wanted)
      await until(async () => started.errors().join().includes(wanted), 'a line in the log')
      expect((await page('/readyz')).match(/^unfenced/gm)).toHaveLength(1)
      expect(await page('/metrics')).toContain(`bartizan_fence_holds{policy="${policy}"} 0`)
    })
  })

  test('becomes ready when the policy that was missing is there', async () => {
    await until(ready, 'readiness')
    expect(operator?.lines.filter(({ event }) => event === 'fenced')).toHaveLength(1)
  })

  test('as another user is not ready', async () => {
    await start(false, 'admin')
    for (const policy of policies) await says(`unfenced: the admission policy ${policy} let through`)
    expect((await page('/readyz')).match(/^unfenced/gm)).toHaveLength(policies.length)
  })

  test('as another user is ready when it was told to be unfenced', async () => {
    await start(true, 'admin')
    await until(ready, 'readiness')
    expect(operator?.errors()).toEqual([])
  })

  test('waits with its word about the fence while the API server is away, and keeps it afterwards', async () => {
    await start()
    await until(ready, 'readiness')
    await plane.kill()
    expect(await page('/readyz')).toBe('ok\n')
    await operator?.stop()
    operator = undefined
    await plane.restart()
  })
})
