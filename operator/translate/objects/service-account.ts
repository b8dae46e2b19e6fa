import type { KubernetesObject } from '../model/desired.ts'
import { childMetadata } from './metadata.ts'
import type { ServerView } from '../context.ts'

/** An identity of its own for each server, and no token: neither the server nor its gateway has anything to say to the API server. */
export const serviceAccount = ({ server }: Pick<ServerView, 'server'>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: childMetadata(server.document),
  automountServiceAccountToken: false,
})
