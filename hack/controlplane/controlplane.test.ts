import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noControlPlane } from './absent.ts'
import { controlPlane, type OwnControlPlane } from './index.ts'

const deployment = (name: string, image = 'example.test/server:1') => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      initContainers: [{name: guard, image: example.test/guard:1, restartPolicy: Always}]
      containers: [{name: server, image: '${image}'}]
`

describe.skipIf(noControlPlane)('the control plane for tests', () => {
  let plane: OwnControlPlane
  beforeAll(async () => {
    plane = await controlPlane({ controllers: true, nodes: 2, crds: true })
  })
  afterAll(() => plane?.stop())

  const done = async (args: readonly string[], input?: string): Promise<string> => {
    const { status, stdout, stderr } = await plane.kubectl(args, input)
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }

  test('has taken every kind of the project with strict validation', async () => {
    const names = (await done(['get', 'crd', '-o', 'name'])).trim().split('\n')
    expect(names).toContain('customresourcedefinition.apiextensions.k8s.io/mcpservers.mcp.gateway.io')
    expect((await done(['explain', 'mcpserver.spec.image'])).toLowerCase()).toContain('image')
  })

  test('brings a Deployment up on the nodes of the fake kubelet, its sidecars running', async () => {
    await done(['apply', '-f', '-'], deployment('web'))
    await done(['rollout', 'status', 'deployment/web', '--timeout=60s'])
    const pods = JSON.parse(await done(['get', 'pods', '-l', 'app=web', '-o', 'json'])) as {
      items: { spec: { nodeName: string }; status: { initContainerStatuses: { started: boolean }[] } }[]
    }
    expect(pods.items.map(({ spec }) => spec.nodeName).toSorted()).toEqual(['node-1', 'node-2'])
    expect(pods.items.every(({ status }) => status.initContainerStatuses[0]?.started)).toBe(true)
  })

  test('leaves a broken image waiting', async () => {
    await done(['apply', '-f', '-'], deployment('stuck', 'example.test/broken:1'))
    const reason = '{.items[*].status.containerStatuses[0].state.waiting.reason}'
    await expect
      .poll(() => done(['get', 'pods', '-l', 'app=stuck', '-o', `jsonpath=${reason}`]), { timeout: 30_000 })
      .toBe('ImagePullBackOff ImagePullBackOff')
  })

  test('deletes the pods of a Deployment with it', async () => {
    await done(['delete', 'deployment', 'stuck'])
    await done(['wait', '--for=delete', 'pod', '-l', 'app=stuck', '--timeout=60s'])
    expect(await done(['get', 'pods', '-l', 'app=stuck', '-o', 'name'])).toBe('')
  })

  test('refuses a stranger, and lets people and ServiceAccounts do what they are allowed', async () => {
    const stranger = await plane.user('mallory', ['strangers'])
    const refusal = await plane.kubectl(['get', 'pods'], '', stranger)
    expect(refusal).toMatchObject({ status: 1, stderr: expect.stringContaining('User "mallory" cannot list resource') })
    await done(['create', 'clusterrolebinding', 'viewers', '--clusterrole=view', '--group=viewers'])
    expect((await plane.kubectl(['get', 'pods'], '', await plane.user('ann', ['viewers']))).status).toBe(0)
    const account = await plane.account('default', 'default')
    expect(await plane.kubectl(['auth', 'whoami'], '', account)).toMatchObject({
      stdout: expect.stringContaining('system:serviceaccount:default:default'),
    })
    expect((await plane.kubectl(['get', 'pods'], '', account)).status).toBe(1)
  })

  test('fills a Secret with the token of a ServiceAccount, as a cluster does', async () => {
    const secret = `
apiVersion: v1
kind: Secret
metadata: {name: filled, annotations: {kubernetes.io/service-account.name: default}}
type: kubernetes.io/service-account-token
`
    await done(['apply', '-f', '-'], secret)
    await expect
      .poll(() => done(['get', 'secret', 'filled', '-o', 'jsonpath={.data.token}']), { timeout: 30_000 })
      .not.toBe('')
  })

  test('goes on where it was after the API server was killed', async () => {
    await plane.kill()
    await expect(plane.rest().request('GET', '/readyz')).rejects.toThrow('ECONNREFUSED')
    await plane.restart()
    await done(['apply', '-f', '-'], deployment('later'))
    await done(['rollout', 'status', 'deployment/later', '--timeout=60s'])
    await done(['rollout', 'status', 'deployment/web', '--timeout=60s'])
  })

  test('forgets its history on demand, so that an old watch has to start anew', async () => {
    const client = plane.rest()
    const before = (await client.request('GET', '/api/v1/configmaps')).body['metadata'] as { resourceVersion: string }
    await done(['create', 'configmap', 'one'])
    await plane.compact()
    await plane.kill()
    await plane.restart()
    const seen: unknown[] = []
    const query = `watch=1&timeoutSeconds=2&resourceVersion=${before.resourceVersion}`
    await client.watch(`/api/v1/configmaps?${query}`, event => seen.push(event), AbortSignal.timeout(20_000))
    expect(seen).toMatchObject([{ type: 'ERROR', object: { code: 410 } }])
  })
})
