import { connect as connectTls } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { Client, type buildConnector, type Dispatcher } from 'undici'

/** Where a gateway listens, and how it is believed to be the one. */
export type Address = {
  readonly ip: string
  readonly port: number
  /** The name that it is called by. */
  readonly host: string
  /** PEM of the certificates that it may show; none where it speaks plain HTTP. */
  readonly certificates: readonly string[]
}

const bracketed = (ip: string): string => (ip.includes(':') ? `[${ip}]` : ip)

const leafOf = (pem: string): string | undefined => {
  try {
    return new X509Certificate(pem).fingerprint256
  } catch {
    return undefined
  }
}

/**
 * A connection to the address of a pod, whatever name its certificate is for: the certificate has to be the very one in the Secret that only the
 * guard and its operator read, which is more than any authority could say.
 */
function pinned({ ip, port, host, certificates }: Address): buildConnector.connector {
  const known = new Set(certificates.flatMap(pem => leafOf(pem) ?? []))
  return (_, callback) => {
    const socket = connectTls({
      host: ip,
      port,
      servername: host,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    })
    socket.setTimeout(5000, () => socket.destroy(new Error('no TLS handshake within 5 s')))
    socket.once('error', error => callback(error, null))
    socket.once('secureConnect', () => {
      socket.setTimeout(0)
      if (known.has(socket.getPeerX509Certificate()?.fingerprint256 ?? '')) return callback(null, socket)
      socket.destroy(new Error('its certificate is not that of the Secret'))
    })
  }
}

/** A client for one gateway; to be closed. */
export function dial(address: Address): Dispatcher {
  const { ip, port, certificates } = address
  const timeouts = { headersTimeout: 15_000, bodyTimeout: 15_000, keepAliveTimeout: 1000 }
  if (certificates.length === 0)
    return new Client(`http://${bracketed(ip)}:${port}`, { ...timeouts, connect: { timeout: 3000 } })
  return new Client(`https://${bracketed(ip)}:${port}`, { ...timeouts, connect: pinned(address) })
}
