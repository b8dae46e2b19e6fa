import { schemaNumber, type GatewayConfig } from '../../gateway/config/index.ts'
import { serverName } from '../../gateway/config/kit.ts'
import type { Server } from '../../gateway/config/servers.ts'
import type { GatewayFiles } from './desired.ts'
import { keysFile } from './keys.ts'
import { serviceHosts } from './names.ts'
import type { Scene, ServerView } from './scene.ts'
import { secretFilePath } from './secrets.ts'
import { upstreamOf } from './upstream.ts'

/** Where the TLS Secret is mounted in the gateway's container. */
export const tlsFolder = '/etc/bartizan/tls'

function server(view: ServerView, scene: Scene): Server {
  const { judged, refused } = view
  const { spec } = judged
  return {
    name: judged.document.name,
    upstream: upstreamOf(view, scene.snapshot),
    ...(spec?.stopped !== undefined && { stopped: spec.stopped }),
    ...(refused !== undefined && { refused }),
    ...(spec?.timeouts && { timeouts: spec.timeouts }),
    ...(spec?.healthCheck && { healthCheck: spec.healthCheck }),
    tools: refused === undefined ? view.tools : { dangerousPatterns: ['*'], approved: [] },
    guardrails: { rules: refused === undefined ? [...view.rules] : [] },
  }
}

function tls({ snapshot, settings }: Scene): GatewayConfig['tls'] {
  const name = settings?.spec?.tls?.secretName
  if (name === undefined) return undefined
  const file = (key: string): string =>
    snapshot.standalone ? secretFilePath(snapshot.namespace, name, key) : `${tlsFolder}/${key}`
  return { cert: { file: file('tls.crt') }, key: { file: file('tls.key') } }
}

function gatewayConfig(name: string, views: readonly ServerView[], scene: Scene): GatewayConfig {
  const { publicUrl, hosts, origins, audit, servers } = scene.settings?.spec ?? {}
  const own = scene.snapshot.standalone
    ? []
    : views.flatMap(view => serviceHosts(view.judged.document.name, scene.snapshot.namespace))
  const names = [...own, ...(hosts ?? [])]
  const certificate = tls(scene)
  return {
    schema: schemaNumber,
    name,
    ...(publicUrl !== undefined && { publicUrl }),
    ...(names.length > 0 && { hosts: names }),
    ...(origins && { origins }),
    ...(audit && { audit }),
    ...(certificate && { tls: certificate }),
    allowedNetworks: servers?.allowedNetworks ?? [],
    servers: views.map(view => server(view, scene)),
  }
}

const isRoutable = (view: ServerView): boolean => serverName.safeParse(view.judged.document.name).success

/** The configuration of the gateway of one server. Undefined for a name that no gateway could route. */
export function gatewayFilesOf(view: ServerView, scene: Scene): GatewayFiles | undefined {
  if (!isRoutable(view)) return undefined
  const name = `${scene.snapshot.namespace}/${view.judged.document.name}`
  return { name, gateway: gatewayConfig(name, [view], scene), keys: keysFile(scene.keys) }
}

/** The configuration of each gateway: one per server in a cluster, one for all without. Names that no gateway could route are left out. */
export function gatewayFiles(all: readonly ServerView[], scene: Scene): GatewayFiles[] {
  if (!scene.snapshot.standalone) return all.flatMap(view => gatewayFilesOf(view, scene) ?? [])
  const gateway = gatewayConfig('standalone', all.filter(isRoutable), scene)
  return [{ name: 'standalone', gateway, keys: keysFile(scene.keys) }]
}
