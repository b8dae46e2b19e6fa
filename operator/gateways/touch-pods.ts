import { isStatus } from '../kit/api-error.ts'
import type { ApiClient } from '../kit/client.ts'
import type { ApiObject } from '../kit/resource.ts'
import { isDeleting } from '../cache/observed-pods.ts'
import { pods } from '../resources.ts'

/** The annotation whose change makes the kubelet update the mounts of a pod at once, not after a minute and a half. */
const touchAnnotation = 'mcp.gateway.io/configuration'

/** Makes the kubelets update the mounts of these pods. The right to patch `pods/status` is enough for that, and cannot change what runs. */
export async function touchPods(client: ApiClient, targets: readonly ApiObject[], version: string): Promise<void> {
  const body = { metadata: { annotations: { [touchAnnotation]: version } } }
  await Promise.all(
    targets
      .filter(pod => !isDeleting(pod))
      .map(async ({ metadata: { namespace, name = '' } }) => {
        try {
          await client.patch(pods, namespace, name, body, { type: 'merge', subresource: 'status' })
        } catch (error) {
          if (!isStatus(error, 404, 409)) throw error
        }
      }),
  )
}
