import { isIP } from 'node:net'

/** Accepts a Host header, or an Origin, or not. */
export type HostPolicy = {
  host(header: string | undefined): boolean
  origin(header: string | undefined): boolean
  /** True only for origins that are configured: they get CORS headers. */
  listed(origin: string): boolean
}

const withoutPort = (host: string): string => host.replace(/:\d+$/, '')

/** Names under which a loopback listener is reached. */
export const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/** The names of a listener: its own address, and the loopback names when it listens there. */
export function listenerNames(host: string): readonly string[] {
  if (host === '127.0.0.1' || host === '::1') return loopbackNames
  return isIP(host) === 6 ? [`[${host}]`] : [host]
}

/**
 * Host and Origin are compared before anything else is looked at: it is what stops a web page from reaching a local gateway by DNS rebinding
 * (MCP specification, transports, security warning). A name without a port means any port.
 */
export function hostPolicy(names: readonly string[], origins: readonly string[]): HostPolicy {
  const hosts = new Set(names.map(name => name.toLowerCase()))
  const listedOrigins = new Set(origins)
  const known = new Map<string, boolean>()
  const judge = (header: string): boolean => {
    const name = header.toLowerCase()
    return hosts.has(name) || hosts.has(withoutPort(name))
  }
  const host = (header: string | undefined): boolean => {
    if (header === undefined) return false
    let verdict = known.get(header)
    if (verdict === undefined) {
      verdict = judge(header)
      // Bounded: the names are chosen by strangers.
      if (known.size < 256) known.set(header, verdict)
    }
    return verdict
  }
  const sameSite = (origin: string): boolean => /^https?:\/\//.test(origin) && judge(origin.replace(/^https?:\/\//, ''))
  return {
    host,
    origin: header => header === undefined || listedOrigins.has(header) || sameSite(header),
    listed: origin => listedOrigins.has(origin) || sameSite(origin),
  }
}
