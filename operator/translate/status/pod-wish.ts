import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { deployment } from '../objects/deployment.ts'
import { podWishOf, type PodWish } from './pod-drift.ts'
import type { Scene, ServerView } from '../context.ts'

type Known = { readonly inputs: string; readonly wish: PodWish }

/** A change of keys plans every server anew, and makes no pod another. */
const known = new WeakMap<ServerView['judged'], Known>()

/** What the pods of a server are to be made of. */
export function podWish(spec: MCPServerSpec, view: ServerView, scene: Scene): PodWish {
  const { snapshot, settings, reserved } = scene
  const { judged, secrets } = view
  const { gatewayImage, drainTokens, secrets: facts } = snapshot
  const token = drainTokens?.[judged.document.name]
  const inputs = JSON.stringify([gatewayImage, token, facts, settings.spec.tls, [...reserved], secrets])
  const before = known.get(judged)
  if (before?.inputs === inputs) return before.wish
  const wish = podWishOf(deployment(spec, view, scene))
  known.set(judged, { inputs, wish })
  return wish
}
