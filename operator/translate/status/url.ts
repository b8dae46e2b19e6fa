import { childName, ports } from '../model/names.ts'
import type { Scene } from '../context.ts'

const maxUrl = 2048

/** The address for clients, as far as it is known; one that is too long for a status is left out. */
export function urlOf(name: string, scene: Scene): string | undefined {
  const url = addressOf(name, scene)
  return url !== undefined && url.length <= maxUrl ? url : undefined
}

function addressOf(name: string, { snapshot, settings }: Scene): string | undefined {
  const { publicUrl, tls } = settings.spec
  if (publicUrl !== undefined) return `${publicUrl.replace(/(?<!\/)\/+$/, '')}/mcp/${name}`
  if (snapshot.standalone) return undefined
  const [scheme, port] = tls ? ['https', ports.tlsService] : ['http', ports.service]
  return `${scheme}://${childName(name)}.${snapshot.namespace}.svc:${port}/mcp/${name}`
}
