import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authority } from '../controlplane/certificates.ts'
import type { ControlPlane } from '../controlplane/index.ts'
import type { Json } from '../controlplane/rest.ts'

export type Patch = { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }

/** What is asked of a webhook. */
type Review = {
  readonly request: {
    readonly uid: string
    readonly kind: { readonly kind: string }
    readonly object: Json
  }
}

/** An admission webhook that changes what is written in one namespace, as a mesh or a policy engine does. */
export type Webhook = {
  /** Stops being asked. */
  retire(): Promise<void>
  stop(): Promise<void>
}

const configurations = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const asJson = (body: object): string =>
  JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', ...body })

const rules = [
  ['apps', 'deployments'],
  ['', 'services'],
  ['', 'configmaps'],
  ['', 'serviceaccounts'],
  ['networking.k8s.io', 'networkpolicies'],
].map(([group, resource]) => ({
  apiGroups: [group],
  apiVersions: ['*'],
  resources: [resource],
  operations: ['CREATE', 'UPDATE'],
}))

/**
 * Registers a webhook for one namespace.
 * @param adds what it adds to an object as it is about to be written
 */
export async function webhook(
  plane: ControlPlane,
  namespace: string,
  adds: (kind: string, object: Json) => readonly Patch[],
): Promise<Webhook> {
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-webhook-'))
  const signer = await authority(folder)
  const { cert, key } = await signer.issue('/CN=webhook', 'IP:127.0.0.1')
  const server = createServer({ cert, key }, (request, response) => {
    void text(request).then(body => {
      const { request: asked } = JSON.parse(body) as Review
      const patch = Buffer.from(JSON.stringify(adds(asked.kind.kind, asked.object))).toString('base64')
      response.setHeader('content-type', 'application/json')
      response.end(asJson({ response: { uid: asked.uid, allowed: true, patchType: 'JSONPatch', patch } }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const rest = plane.rest()
  const name = `adds-in-${namespace}`
  const made = await rest.request('POST', configurations, {
    metadata: { name },
    webhooks: [
      {
        name: 'adds.example.test',
        clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(signer.ca).toString('base64') },
        rules,
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
      },
    ],
  })
  if (made.status !== 201) throw new Error(`no webhook: ${JSON.stringify(made.body)}`)
  const retire = async (): Promise<void> => void (await rest.request('DELETE', `${configurations}/${name}`))
  return {
    retire,
    async stop() {
      await retire()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}
