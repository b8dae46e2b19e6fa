import { gatewayFields } from '../../../gateway/config/gateway.ts'
import { schemaNumber, type GatewayConfig } from '../../../gateway/config/index.ts'
import { serverName } from '../../../gateway/config/kit.ts'
import { serverFields, type Server } from '../../../gateway/config/servers.ts'
import { partOf } from '../../../gateway/config/traits.ts'
import type { GatewayFiles } from '../model/desired.ts'
import { serviceHosts } from '../model/names.ts'
import type { GatewayContext, ServerView } from '../context.ts'
import { secretFilePath } from '../policy/secrets.ts'
import { networksOf } from '../policy/settings.ts'
import { tooBig } from './too-big.ts'
import { upstreamOf } from './upstream.ts'

/** Where the TLS Secret is mounted in the gateway's container. */
export const tlsFolder = '/etc/bartizan/tls'

function server(view: ServerView, context: GatewayContext): Server {
  const { server, refused } = view
  const { spec } = server
  return {
    name: server.document.name,
    upstream: upstreamOf(view, context.snapshot),
    ...(spec?.stopped !== undefined && { stopped: spec.stopped }),
    ...(refused !== undefined && { refused }),
    ...partOf(serverFields, spec ?? {}),
    tools: refused === undefined ? view.tools : { dangerousPatterns: ['*'], approved: [] },
    guardrails: { rules: refused === undefined ? [...view.rules] : [] },
  }
}

function tls({ snapshot, settings }: GatewayContext): GatewayConfig['tls'] {
  const name = settings.spec.tls?.secretName
  if (name === undefined) return undefined
  const file = (key: string): string =>
    snapshot.standalone ? secretFilePath(snapshot.namespace, name, key) : `${tlsFolder}/${key}`
  return { cert: { file: file('tls.crt') }, key: { file: file('tls.key') } }
}

/** Hosts beside those of the Service, and origins, that a configuration takes. With more the server is refused, so no caller misses what is left out. */
export const maxHosts = 76
export const maxOrigins = 64

function gatewayConfig(name: string, views: readonly ServerView[], context: GatewayContext): GatewayConfig {
  const { settings } = context
  const { hosts = [], origins } = settings.spec
  const own = context.snapshot.standalone
    ? []
    : views.flatMap(view => serviceHosts(view.server.document.name, context.snapshot.namespace))
  const names = [...own, ...hosts.slice(0, maxHosts)]
  const certificate = tls(context)
  return {
    schema: schemaNumber,
    name,
    ...partOf(gatewayFields, {
      ...settings.spec,
      hosts: names.length > 0 ? names : undefined,
      origins: origins?.slice(0, maxOrigins),
    }),
    ...(certificate && { tls: certificate }),
    allowedNetworks: [...networksOf(settings)],
    servers: views.map(view => server(view, context)),
  }
}

const isRoutable = (view: ServerView): boolean => serverName.safeParse(view.server.document.name).success

/** The configuration of the gateway of one server. Undefined for a name that no gateway could route. */
export function gatewayFilesOf(view: ServerView, context: GatewayContext): GatewayFiles | undefined {
  if (!isRoutable(view)) return undefined
  const name = `${context.snapshot.namespace}/${view.server.document.name}`
  const files = { name, gateway: gatewayConfig(name, [view], context), keys: context.keysFile }
  const excess = tooBig(files)
  if (excess === undefined) return files
  const refused = gatewayConfig(name, [{ ...view, refused: excess.text }], context)
  return { name, gateway: refused, keys: excess.keys ? { ...files.keys, keys: [] } : files.keys, excess }
}

/** Servers that one gateway takes. */
export const maxServers = 2048

/** The configuration of the one gateway that runs without a cluster. Names that it could not route are left out. */
export function standaloneFiles(all: readonly ServerView[], context: GatewayContext): GatewayFiles {
  const views = all.filter(isRoutable).slice(0, maxServers)
  return { name: 'standalone', gateway: gatewayConfig('standalone', views, context), keys: context.keysFile }
}
