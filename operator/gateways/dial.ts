import { connect as connectTls } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { buildConnector, Client, type Dispatcher } from 'undici'
import { ResponseTooLong } from '../../mcp-client/request.ts'

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

/**
 * Bytes that are read of one gateway, with everything that is no body: heads that announce others, extensions of chunks, blank lines. Six for each
 * byte of a body that comes in single bytes fit in.
 */
const mostBytes = 16 * 1024 * 1024

/** The same connections, which end when more has come through all of them together. */
function bounded(connect: buildConnector.connector): buildConnector.connector {
  let left = mostBytes
  return (options, callback) =>
    connect(options, (error, socket) => {
      if (!socket) return callback(error, socket)
      let read = socket.bytesRead
      socket.on('readable', () => {
        left -= socket.bytesRead - read
        read = socket.bytesRead
        if (left < 0) socket.destroy(new ResponseTooLong(`more than ${mostBytes} bytes came from it`))
      })
      return callback(null, socket)
    })
}

/** A client for one gateway; to be closed. */
export function dial(address: Address): Dispatcher {
  const { ip, port, certificates } = address
  const timeouts = { headersTimeout: 15_000, bodyTimeout: 15_000, keepAliveTimeout: 1000 }
  if (certificates.length === 0)
    return new Client(`http://${bracketed(ip)}:${port}`, {
      ...timeouts,
      connect: bounded(buildConnector({ timeout: 3000 })),
    })
  return new Client(`https://${bracketed(ip)}:${port}`, { ...timeouts, connect: bounded(pinned(address)) })
}
