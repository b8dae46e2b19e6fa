import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import type { UpstreamConfig } from '../../../gateway/config/servers.ts'
import { sourceOf } from '../accept/impossible.ts'
import type { ServerView } from '../context.ts'
import { secretFilePath } from '../policy/secrets.ts'
import type { SharedSnapshot } from '../model/snapshot.ts'

/** A name that resolves nowhere (RFC 6761): the address of a server to which nothing is sent. */
const nowhere: UpstreamConfig = { http: { url: 'http://refused.invalid/' } }

const isLoopback = (url: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)

function child(spec: MCPServerSpec, view: ServerView, { namespace }: SharedSnapshot): UpstreamConfig {
  const secrets = view.secrets.variables.map(({ variable, secret, key }) => ({
    name: variable,
    file: secretFilePath(namespace, secret, key),
  }))
  const env = [...(spec.env ?? []), ...secrets]
  return {
    stdio: {
      command: spec.command ?? [],
      ...(spec.args && { args: spec.args }),
      ...(env.length > 0 && { env }),
    },
  }
}

function image(spec: MCPServerSpec, name: string, { standalone, urls }: SharedSnapshot): UpstreamConfig {
  if (!standalone) return { http: { url: `http://127.0.0.1:${spec.port ?? 8080}${spec.path ?? '/mcp'}`, pod: true } }
  const url = urls?.[name] ?? ''
  // A loopback address on the command line means this very machine.
  return { http: { url, ...(isLoopback(url) && { pod: true }) } }
}

/** Where the gateway finds a server. */
export function upstreamOf(view: ServerView, snapshot: SharedSnapshot): UpstreamConfig {
  const { spec, document } = view.server
  if (!spec || (snapshot.standalone && view.secrets.missing.length > 0)) return nowhere
  const source = sourceOf(spec)
  if (source === 'image') return image(spec, document.name, snapshot)
  return source === 'url' ? { http: { url: spec.url ?? '' } } : child(spec, view, snapshot)
}
