import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GatewayConfig, KeysFile } from '../../gateway/config/index.ts'
import { defaultDangerousPatterns } from '../../gateway/config/tools.ts'
import { gatewayFlags } from '../../hack/flags.ts'
import { keep, mint } from '../../hack/minted.ts'

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

export type Wire = {
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly metricsUrl: string
  readonly folder: string
  /** Replaces a file of the configuration as an editor would: whole, by a rename. */
  write(file: 'gateway.json' | 'keys.json', content: unknown): void
  /** Resolves when the log has a line that holds all of these words, among the lines that were not waited for yet. */
  logged(...words: string[]): Promise<string>
  audit(): { [member: string]: unknown }[]
  /** Sends SIGTERM and waits for the end; the exit code. */
  stop(): Promise<number | null>
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<void>
  readonly child: ChildProcess
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

const main = join(import.meta.dirname, '../../gateway/main.ts')

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
  const args = ['--config', folder, '--state', state, '--listen', `127.0.0.1:${port}`, '--metrics', '127.0.0.1:0']
  const child = spawn(process.execPath, [...gatewayFlags(), main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  let from = 0
  const waiting = new Set<() => void>()
  const more = (chunk: Buffer): void => {
    log += chunk.toString()
    for (const look of waiting) look()
  }
  child.stdout.on('data', more)
  child.stderr.on('data', more)
  const ended = once(child, 'exit')
  const logged: Wire['logged'] = (...words) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const lines = log.slice(from).split('\n')
        const line = lines.find(text => words.every(word => text.includes(word)))
        if (line === undefined) return
        from = log.indexOf(line, from) + line.length
        waiting.delete(look)
        resolve(line)
      }
      waiting.add(look)
      void ended.then(() => reject(new Error(`the gateway ended: ${log}`)))
      look()
    })
  const line = JSON.parse(await logged('"event":"listening"')) as { urls: string[]; metrics: string }
  const url = line.urls[0]!
  const file = join(state, 'audit.jsonl')
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid!,
    metricsUrl: line.metrics,
    folder,
    write,
    logged,
    child,
    audit: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map(text => JSON.parse(text) as { [member: string]: unknown }),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        keep('title', name, readFileSync(`/proc/${child.pid}/cmdline`))
        keep('environment', name, readFileSync(`/proc/${child.pid}/environ`))
        keep('metrics', name, await (await fetch(`${line.metrics}/metrics`)).text())
        child.kill('SIGTERM')
      }
      await ended
      keep('log', name, log)
      keep('audit', name, readFileSync(file, 'utf8'))
      return child.exitCode
    },
  }
}

/** Removes what a gateway left behind. */
export const discard = (wire: Wire): void => rmSync(wire.folder, { recursive: true, force: true })
