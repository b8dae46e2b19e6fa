import type { IncomingMessage } from 'node:http'
import type { Identity } from '../../auth/authenticator.ts'
import type { IncomingRequest } from '../../auth/incoming-request.ts'
import type { Denial } from '../../exchange.ts'
import { duplicateHeader } from '../../http/duplicates.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { endsHere } from '../forwarded-headers.ts'
import type { RequestContext } from '../request-context.ts'

const denial = (code: Denial['code'], detail?: string): Denial => ({
  stage: 'http',
  code,
  ...(detail !== undefined && { detail }),
})

/** What is wrong with a request before it matters who sent it. */
export function transportRefusal(
  { services, req: { headers, rawHeaders } }: RequestContext,
  { hosts }: Runtime,
  host: AcceptedHost,
): Denial | undefined {
  if (host === undefined) return denial('HostNotAllowed', `Host ${JSON.stringify(headers.host?.slice(0, 200))}`)
  if (!hosts.origin(headers.origin))
    return denial('OriginNotAllowed', `Origin ${JSON.stringify(headers.origin?.slice(0, 200))}`)
  const twice = duplicateHeader(rawHeaders, Object.keys(headers).length)
  if (twice !== undefined) return denial('InvalidRequest', `header ${twice} stands twice`)
  const ends = endsHere(headers.connection)
  if (ends !== undefined) return denial('InvalidRequest', `Connection names ${ends}`)
  const phase = services.phase()
  return phase === 'drained' || phase === 'ending' ? denial('ShuttingDown') : undefined
}

/** Why the Host of a request is accepted: it is a name of the gateway, or for the sake of who sent it. Undefined: it is not. */
export type AcceptedHost = 'name' | Identity | undefined

/**
 * The operator dials the pod, which has no name: for a request with its token, and for no other, the address that was dialled is an accepted Host.
 * Who is found here is not authenticated once more.
 */
export function acceptedHost({ hosts, auth }: Runtime, request: IncomingRequest): AcceptedHost {
  const { host } = request.headers
  if (hosts.host(host)) return 'name'
  const { localAddress = '', localPort } = request
  const address = localAddress.includes(':') ? `[${localAddress}]` : localAddress
  return host === `${address}:${localPort}` ? auth.authenticateByAddress(request) : undefined
}

/** JSON is UTF-8 (RFC 8259 section 8.1). A server that believed another charset would read what was never judged. */
const json = /^application\/json[ \t]*(;[ \t]*charset="?utf-8"?[ \t]*)?$/i

/** Why a body is not read, as far as its headers tell. */
export function contentRefusal({ headers }: IncomingMessage): Denial | undefined {
  if (!json.test(headers['content-type'] ?? '')) return denial('UnsupportedMediaType')
  if (headers['content-encoding'] === undefined) return undefined
  return { ...denial('UnsupportedMediaType'), text: 'The body must be sent without Content-Encoding.' }
}
