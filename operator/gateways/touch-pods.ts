import { isStatus } from '../kit/api-error.ts'
import type { Client } from '../kit/client.ts'
import type { ApiObject } from '../kit/resource.ts'
import { isDeleting } from './observed-pods.ts'
import { pods } from '../resources.ts'

/** The annotation whose change makes the kubelet look at the mounts of a pod at once, not after a minute and a half. */
const pokeAnnotation = 'mcp.gateway.io/configuration'

/** Has the kubelets bring the mounts of these pods up to date. `pods/status` suffices for it, and can change nothing of what runs. */
export async function poke(client: Client, targets: readonly ApiObject[], version: string): Promise<void> {
  const body = { metadata: { annotations: { [pokeAnnotation]: version } } }
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
