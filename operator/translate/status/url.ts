import { childName, ports } from '../model/names.ts'
import type { GatewayContext } from '../context.ts'

const maxUrl = 2048

/** The address for clients, as far as it is known; one that is too long for a status is left out. */
export function urlOf(name: string, context: GatewayContext): string | undefined {
  const url = addressOf(name, context)
  return url !== undefined && url.length <= maxUrl ? url : undefined
}

function addressOf(name: string, { snapshot, settings }: GatewayContext): string | undefined {
  const { publicUrl, tls } = settings.spec
  if (publicUrl !== undefined) return `${publicUrl.replace(/(?<!\/)\/+$/, '')}/mcp/${name}`
  if (snapshot.standalone) return undefined
  const [scheme, port] = tls ? ['https', ports.tlsService] : ['http', ports.service]
  return `${scheme}://${childName(name)}.${snapshot.namespace}.svc:${port}/mcp/${name}`
}
