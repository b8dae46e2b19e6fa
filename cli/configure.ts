import { createHmac } from 'node:crypto'
import type { GatewayConfig, KeysFile } from '../gateway/config/index.ts'
import type { Server } from '../gateway/config/servers.ts'
import type { ConfigFile } from '../gateway/config/renderings.ts'
import { nearest } from '../crds/nearest.ts'
import { translate, type Desired } from '../operator/translate/index.ts'
import { UsageError } from './usage-error.ts'
import type { Loaded } from './load.ts'
import { collectSnapshot, type TranslateOptions } from './snapshot.ts'

export type Configured = {
  readonly config: GatewayConfig
  readonly keys: KeysFile
  readonly texts: Readonly<Record<ConfigFile, string>>
  readonly desired: Desired
  /** Values of secrets by the name that the configuration gives their files. */
  readonly values: ReadonlyMap<string, Buffer>
}

const isLoopback = (url: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)

/** An address on the command line wins over that of the file; who wrote a loopback address there meant this very machine. */
function addressed(server: Server, urls: TranslateOptions['urls']): Server {
  const url = urls[server.name]
  if (url === undefined || !server.upstream.http || server.refused !== undefined) return server
  return { ...server, upstream: { http: { url, ...(isLoopback(url) && { pod: true }) } } }
}

type Secrets = { readonly values: ReadonlyMap<string, Buffer>; readonly salt: Buffer }

/** The name of a secret's file with a fingerprint of its value: a new value is a new configuration, so that it is taken up at once. */
function versioned(file: string, { values, salt }: Secrets): string {
  const value = values.get(file)
  return value === undefined ? file : `${file}#${createHmac('sha256', salt).update(value).digest('hex').slice(0, 16)}`
}

function withVersions(server: Server, secrets: Secrets): Server {
  const { stdio } = server.upstream
  if (!stdio?.env) return server
  const env = stdio.env.map(one => (one.file === undefined ? one : { ...one, file: versioned(one.file, secrets) }))
  return { ...server, upstream: { stdio: { ...stdio, env } } }
}

function requireKnown(urls: TranslateOptions['urls'], servers: readonly Server[]): void {
  const names = servers.map(({ name }) => name)
  for (const name of Object.keys(urls)) {
    const server = servers.find(one => one.name === name)
    if (server?.upstream.stdio)
      throw new UsageError(`--url ${name}=...: ${name} is started by its command, it has no address`)
    if (server) continue
    const meant = nearest(name, names)
    throw new UsageError(`--url ${name}=...: no MCPServer is called ${name}${meant ? `; did you mean ${meant}?` : ''}`)
  }
}

/**
 * The configuration of the one gateway that runs without a cluster, by the same translation as in one.
 * @throws UsageError when the command line names what the files do not have
 */
export function configure(loaded: Loaded, surroundings: TranslateOptions): Configured {
  const { snapshot, values } = collectSnapshot(loaded, surroundings)
  const desired = translate(snapshot)
  const [files] = desired.gateways
  if (!files) throw new Error('the translation gave no gateway')
  const { salt, urls } = surroundings
  const secrets = { values, salt }
  const servers = files.gateway.servers.map(server => withVersions(addressed(server, urls), secrets))
  const config = { ...files.gateway, servers }
  requireKnown(urls, servers)
  return {
    config,
    keys: files.keys,
    texts: { gateway: JSON.stringify(config), keys: JSON.stringify(files.keys) },
    desired,
    values: new Map(
      [...values].flatMap(([file, value]) => [
        [file, value],
        [versioned(file, secrets), value],
      ]),
    ),
  }
}

/** `name=URL` from the command line. */
export function urlOptions(given: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries(
    (given ?? []).map(text => {
      const [, name, url] = /^([^=]+)=(.+)$/.exec(text) ?? []
      if (name !== undefined && url !== undefined && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))
        return [name, url]
      throw new UsageError(`--url ${text}: write NAME=URL, such as weather=http://127.0.0.1:8000/mcp`, 2)
    }),
  )
}
