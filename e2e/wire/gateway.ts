import { createHash } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GatewayConfig, KeysFile } from '../../gateway/config/index.ts'
import { defaultDangerousPatterns } from '../../gateway/config/tools.ts'
import { mint } from '../../hack/minted.ts'
import { startProcess, type GatewayProcess } from './process.ts'

type Key = KeysFile['keys'][number]
type Server = GatewayConfig['servers'][number]

/** A key and the entry that lets it in. */
export type TestKey = { readonly secret: string; readonly entry: Key }

/** Mints a key; `more` narrows or widens what it grants. */
export function testKey(name: string, more: Partial<Key> = {}): TestKey {
  const secret = mint('api-key')
  const digests = [`sha256:${createHash('sha256').update(secret).digest('hex')}`]
  return { secret, entry: { name, digests, allowedServers: ['*'], ...more } }
}

/** A server that everything is allowed on, unless `more` says otherwise. */
export const testServer = (name: string, url: string, more: Partial<Server> = {}): Server => ({
  name,
  upstream: { http: { url } },
  tools: { dangerousPatterns: [...defaultDangerousPatterns], approved: [] },
  guardrails: { rules: [] },
  ...more,
})

export const testConfig = (servers: Server[], more: Partial<GatewayConfig> = {}): GatewayConfig => ({
  schema: 1,
  name: 'standalone',
  allowedNetworks: ['127.0.0.0/8', '::1'],
  servers,
  ...more,
})

export const keysFile = (...keys: TestKey[]): KeysFile => ({ schema: 1, keys: keys.map(({ entry }) => entry) })

export type Wire = GatewayProcess & {
  readonly folder: string
  /** Replaces a file of the configuration as an editor would: whole, by a rename. */
  write(file: string, content: unknown): void
}

export type WireOptions = {
  readonly config: GatewayConfig
  readonly keys: KeysFile
  /** Names the traces of this gateway in the search for leaked secrets. */
  readonly name: string
  /** Continue in the folder of an earlier gateway. */
  readonly folder?: string
  readonly port?: number
}

/** Starts the real gateway process with the flags of its image and waits until it listens. */
export async function startWire({ config, keys, name, folder: given, port = 0 }: WireOptions): Promise<Wire> {
  const folder = given ?? mkdtempSync(join(tmpdir(), 'bartizan-wire-'))
  const write: Wire['write'] = (file, content) => {
    writeFileSync(join(folder, `.${file}`), typeof content === 'string' ? content : JSON.stringify(content))
    renameSync(join(folder, `.${file}`), join(folder, file))
  }
  write('gateway.json', config)
  write('keys.json', keys)
  const state = join(folder, 'state')
  const args = ['--config', folder, '--listen', `127.0.0.1:${port}`, '--metrics', '127.0.0.1:0']
  return { ...(await startProcess({ args, state, name })), folder, write }
}

/** Removes what a gateway left behind. */
export const discard = ({ folder }: { readonly folder: string }): void =>
  rmSync(folder, { recursive: true, force: true })
