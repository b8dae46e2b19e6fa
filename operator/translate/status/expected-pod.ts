import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { deployment } from '../objects/deployment.ts'
import { expectedPodOf, type ExpectedPod } from './pod-drift.ts'
import type { ServerContext, ServerView } from '../context.ts'

type Known = { readonly inputs: string; readonly expected: ExpectedPod }

/** A change of keys plans every server anew, and makes no pod another. */
const known = new WeakMap<ServerView['server'], Known>()

/** What the pods of a server are to be made of. */
export function expectedPod(spec: MCPServerSpec, view: ServerView, context: ServerContext): ExpectedPod {
  const { snapshot, settings, reserved } = context
  const { server, secrets } = view
  const { gatewayImage, drainTokens, secrets: facts } = snapshot
  const token = drainTokens?.[server.document.name]
  const inputs = JSON.stringify([gatewayImage, token, facts, settings.tls, [...reserved], secrets])
  const before = known.get(server)
  if (before?.inputs === inputs) return before.expected
  const expected = expectedPodOf(deployment(spec, view, context))
  known.set(server, { inputs, expected })
  return expected
}
