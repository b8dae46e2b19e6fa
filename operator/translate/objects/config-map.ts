import { schemaNumber } from '../../../gateway/config/index.ts'
import { keysSchemaNumber } from '../../../gateway/config/keys.ts'
import { renderingName } from '../../../gateway/config/renderings.ts'
import type { GatewayFiles, KubernetesObject } from '../model/desired.ts'
import { fileText } from '../configuration/file-text.ts'
import { childMetadata } from './metadata.ts'
import type { ServerView } from '../context.ts'

/**
 * The configuration as the gateway mounts it: policies and digests as two keys of one object, which the kubelet swaps as one. A rendering stands
 * under the number of its contract, so that a gateway of another version finds the one that it reads. It changes while it is mounted, so it is
 * not immutable, and nothing of it stands in the pod template: a change restarts nothing.
 */
export const configMap = (
  { server }: Pick<ServerView, 'server'>,
  { gateway, keys }: GatewayFiles,
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: childMetadata(server.document),
  immutable: false,
  data: {
    [renderingName('gateway', schemaNumber)]: fileText(gateway),
    [renderingName('keys', keysSchemaNumber)]: fileText(keys),
  },
})
