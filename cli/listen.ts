import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { UsageError } from './usage-error.ts'

/** A place at which clients come in. */
export type Listener = { readonly host: string; readonly port: number }

export const defaultPort = 8080

/** The loopback addresses of this machine; ::1 only where there is one. */
function loopbacks(port: number): Listener[] {
  const six = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'))
  return [{ host: '127.0.0.1', port }, ...(six ? [{ host: '::1', port }] : [])]
}

const isLoopback = (host: string): boolean => host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)

function parse(text: string): Listener[] {
  const [, six, other, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? []
  const host = six ?? other ?? ''
  const port = Number(digits)
  if (host === 'localhost' && port <= 65_535) return loopbacks(port)
  if (isIP(host) !== 0 && port <= 65_535) return [{ host, port }]
  throw new UsageError(`--listen ${text}: write ADDRESS:PORT, such as 127.0.0.1:8080, [::1]:8080 or localhost:8080`, 2)
}

/**
 * Where to listen, by the command line: both loopback addresses when nothing is said.
 * @throws UsageError with exit code 2
 */
export const listeners = (given: readonly string[] | undefined): Listener[] =>
  given === undefined ? loopbacks(defaultPort) : given.flatMap(parse)

/**
 * Refuses plain HTTP on an address that others can reach: a key would cross the network for everybody to read.
 * @throws UsageError
 */
export function requireProtection(client: readonly Listener[], tls: boolean, insecure: boolean): void {
  const open = client.find(({ host }) => !isLoopback(host))
  if (!open || tls || insecure) return
  throw new UsageError(
    `--listen ${open.host}:${open.port}: others can reach this address, and there is no TLS. Name a certificate in ` +
      `MCPGateway.spec.tls.secretName, or add --insecure-listen if something in front of it encrypts.`,
  )
}
