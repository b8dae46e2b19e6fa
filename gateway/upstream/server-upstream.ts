import type { Server, UpstreamConfig } from '../config/servers.ts'
import { addressJudge, podJudge, type AddressJudge } from './address.ts'
import { httpUpstream } from './http.ts'
import type { Upstream } from './upstream.ts'

type Stdio = NonNullable<UpstreamConfig['stdio']>

/** Makes the upstreams of stdio servers. */
export type StdioFactory = {
  make(server: string, stdio: Stdio): Upstream
  /** Changes with the contents of the secrets that the configuration only names: a rotated secret needs new children. */
  fingerprint(stdio: Stdio): string
}

/** What stands in for a server that takes no calls: it starts nothing. The pipeline has refused every call before. */
export const inactiveUpstream: Upstream = {
  open(_, sink) {
    sink.fail('UpstreamUnreachable', 'the server is stopped or refused')
    return { cancel() {}, pause() {}, resume() {} }
  },
  notify: () => undefined,
  close: () => Promise.resolve(),
}

export const takesCalls = ({ stopped, refused }: Server): boolean => stopped !== true && refused === undefined

/** Which addresses of a server may be dialled. */
export const judgeOf = (http: NonNullable<UpstreamConfig['http']>, networks: readonly string[]): AddressJudge =>
  http.pod === true ? podJudge : addressJudge(networks)

/**
 * Two servers with one fingerprint can have one upstream.
 * @throws Error when a secret cannot be read
 */
export const upstreamFingerprint = ({ upstream }: Server, networks: readonly string[], stdio: StdioFactory): string =>
  JSON.stringify([upstream, networks, upstream.stdio ? stdio.fingerprint(upstream.stdio) : ''])

/** @throws Error when a secret cannot be read */
export const serverUpstream = (
  { name, upstream: { http, stdio } }: Server,
  networks: readonly string[],
  factory: StdioFactory,
): Upstream => (http ? httpUpstream(http.url, judgeOf(http, networks)) : factory.make(name, stdio!))
