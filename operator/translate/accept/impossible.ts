import type { APIKeySpec } from '../../../crds/api-key.ts'
import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { upstream } from '../../../gateway/config/servers.ts'
import type { Document } from '../model/document.ts'
import { compareQuantities } from '../model/quantity.ts'
import type { Reason } from '../model/reasons.ts'
import type { Snapshot } from '../model/snapshot.ts'

/** Why an object is not accepted. */
export type Rejection = { readonly reason: Reason; readonly text: string }

/** Where an object is to be in force, as far as that decides whether it can be. */
export type AcceptScope = Pick<Snapshot, 'namespace' | 'standalone' | 'urls'>

/** What is to be run, told by which fields are set. */
export type ServerSource = 'image' | 'url' | 'command'

export const sourceOf = (spec: MCPServerSpec): ServerSource =>
  spec.image !== undefined ? 'image' : spec.url !== undefined ? 'url' : 'command'

type Check = (spec: MCPServerSpec, name: string, scope: AcceptScope) => Rejection | undefined

const transport: Check = spec => {
  if (sourceOf(spec) === 'image' && spec.transport === 'Stdio') {
    return {
      reason: 'TransportNotSupported',
      text: 'spec.transport: Stdio with image is not supported yet; use an image that serves StreamableHTTP, or command alone with "bartizan run"',
    }
  }
  if (sourceOf(spec) === 'command' && spec.transport === 'StreamableHTTP') {
    return {
      reason: 'TransportNotSupported',
      text: 'spec.transport: a child process is spoken to over stdio; remove transport, or give the url at which the process listens',
    }
  }
  return undefined
}

const source: Check = (spec, name, scope) => {
  if (sourceOf(spec) === 'command' && !scope.standalone) {
    return {
      reason: 'StandaloneOnly',
      text: 'spec.command: a server with command alone runs under "bartizan run" only; in a cluster give image or url',
    }
  }
  if (sourceOf(spec) !== 'image' || !scope.standalone) return undefined
  const url = scope.urls?.[name]
  if (url === undefined) {
    return {
      reason: 'ImageNeedsCluster',
      text: `spec.image: without a cluster no container is started; run the image yourself and say where it listens with --url ${name}=http://127.0.0.1:8080/mcp, or apply this file to a cluster`,
    }
  }
  if (upstream.safeParse({ http: { url } }).success) return undefined
  return { reason: 'ImageNeedsCluster', text: `--url ${name}=…: the address is not an http or https URL` }
}

const variables: Check = spec => {
  const names = [...(spec.env ?? []).map(env => env.name), ...(spec.secrets ?? []).flatMap(use => use.envVar ?? [])]
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return undefined
  return { reason: 'Invalid', text: `spec.env, spec.secrets: the variable ${twice} is set twice; remove one of them` }
}

const mounts: Check = spec => {
  const paths = (spec.secrets ?? []).flatMap(use => use.mountPath ?? [])
  const twice = paths.find((path, at) => paths.indexOf(path) !== at)
  if (twice !== undefined) {
    return {
      reason: 'Invalid',
      text: `spec.secrets: two Secrets are mounted at ${twice}; give each a folder of its own`,
    }
  }
  if (!paths.includes('/tmp')) return undefined
  return { reason: 'Invalid', text: 'spec.secrets: /tmp is the home of the server; mount the Secret elsewhere' }
}

const amounts: Check = ({ resources }) => {
  for (const name of ['cpu', 'memory'] as const) {
    const [request, limit] = [resources?.requests?.[name], resources?.limits?.[name]]
    if (request !== undefined && limit !== undefined && compareQuantities(request, limit) > 0)
      return { reason: 'Invalid', text: `spec.resources.requests.${name}: ${request} is more than the limit ${limit}` }
  }
  return undefined
}

const checks: readonly Check[] = [transport, source, variables, mounts, amounts]

/** Digests that a key has room for: the generated one is one of them. */
const maxDigests = 8

function impossibleKey(spec: APIKeySpec, { standalone }: AcceptScope): Rejection | undefined {
  if (!spec.generate) return undefined
  if ((spec.digests?.length ?? 0) >= maxDigests) {
    const text = `spec.digests: with generate there is room for ${maxDigests - 1} more; remove one`
    return { reason: 'Invalid', text }
  }
  if (!standalone || spec.digests) return undefined
  return {
    reason: 'GenerateNeedsCluster',
    text: 'spec.generate: without a cluster no key is generated; run "bartizan keys create" and write its digest under spec.digests',
  }
}

/** Why a valid object cannot be carried out here, if so: what a schema alone cannot see. */
export function impossible(document: Document, scope: AcceptScope): Rejection | undefined {
  if (document.kind === 'APIKey') return impossibleKey(document.spec as APIKeySpec, scope)
  if (document.kind !== 'MCPServer') return undefined
  const spec = document.spec as MCPServerSpec
  for (const check of checks) {
    const found = check(spec, document.name, scope)
    if (found) return found
  }
  return undefined
}
