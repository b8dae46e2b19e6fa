import { dirname } from 'node:path'
import { Lineage } from '../auth/lineage.ts'
import { compile, contradictions, sealerFits, withKeys, type CompileContext } from './compile.ts'
import {
  parseGatewayConfig,
  parseKeysFile,
  type GatewayConfig,
  type Issue,
  type KeysFile,
  type Parsed,
} from '../config/index.ts'
import type { Withdrawal } from '../config/withdrawal.ts'
import { HealthRegistry } from '../health/server-probe.ts'
import type { Tls } from '../http/tls.ts'
import type { Runtime, Services } from './runtime.ts'
import type { ReloadResult, ConfigTexts, GatewayOptions } from '../options.ts'
import { stdioFactory } from '../upstream/stdio-factory.ts'
import { UpstreamRegistry } from '../upstream/server-upstream.ts'
import { WithdrawnKeys } from './withdrawn-keys.ts'

/** What a file says, or why it could not even be read. */
const parsed = <T>(text: string | Issue, parse: (text: string) => Parsed<T>): Parsed<T> =>
  typeof text === 'string' ? parse(text) : { issues: [text] }

const issuesIn = <T>(found: Parsed<T>, file: string): Issue[] =>
  'issues' in found ? found.issues.map(issue => ({ ...issue, path: `${file}: ${issue.path}` })) : []

/** Who might still come in when neither file can be believed: nobody. */
const nobody: KeysFile = { schema: 1, keys: [] }

/** The configuration in force, and how it changes: the new one is built completely before the old one goes. */
export class Configuration {
  #runtime: Runtime | undefined
  #config: GatewayConfig | undefined
  #keys: KeysFile = nobody
  #texts: ConfigTexts | undefined
  #applied: Pick<ReloadResult, 'keys' | 'issues'> = { keys: false, issues: [] }
  tls: Tls | undefined
  onTls: (tls: Tls) => void = () => undefined
  readonly #options: GatewayOptions
  readonly #services: Services
  readonly #context: CompileContext

  constructor(options: GatewayOptions, services: Services, names: readonly string[]) {
    this.#options = options
    this.#services = services
    const upstreams = new UpstreamRegistry(stdioFactory(options))
    const healths = new HealthRegistry(upstreams, (server, healthy) =>
      services.log.warn(healthy ? 'server is healthy' : 'server is unhealthy', { server }),
    )
    const withdrawn = new WithdrawnKeys()
    this.#context = { options, names, sealers: new Map(), upstreams, healths, withdrawn, lineage: new Lineage() }
  }

  get runtime(): Runtime {
    if (!this.#runtime) throw new Error('no configuration was compiled yet')
    return this.#runtime
  }

  /** What became of the newest files. */
  get applied(): ReloadResult {
    return { hash: this.runtime.hash, ...this.#applied }
  }

  /** The first configuration; what is wrong with it, or nothing. */
  first(texts: ConfigTexts): readonly Issue[] {
    const keys = parsed(texts.keys, parseKeysFile)
    const issues = [...issuesIn(keys, 'keys.json'), ...this.#swap(texts, 'value' in keys ? keys.value : nobody)]
    if (issues.length === 0) this.#texts = texts
    this.#applied = { keys: issues.length === 0, issues }
    return issues
  }

  /**
   * A later one. Keys first and whatever happens: a key that was removed, revoked or shortened is applied even when the policies beside it are
   * refused. A keys file that cannot be read changes nothing; its last good content stays.
   */
  apply(texts: ConfigTexts): ReloadResult {
    if (this.#texts?.gateway === texts.gateway && this.#texts.keys === texts.keys && !this.#secretsChanged()) {
      this.#services.metrics.reload('unchanged')
      return this.applied
    }
    const found = parsed(texts.keys, parseKeysFile)
    const keys = 'value' in found ? found.value : this.#keys
    const issues = [...issuesIn(found, 'keys.json'), ...this.#swap(texts, keys)]
    this.#applied = { keys: 'value' in found, issues }
    // What was refused may be fine at the next look: a secret that could not be read for a moment.
    this.#texts = issues.length === 0 ? texts : undefined
    this.#services.metrics.reload(issues.length > 0 ? 'refused' : 'applied')
    this.#services.calls.reauthorize()
    const { log } = this.#services
    if (issues.length > 0)
      log.error('configuration refused, the last good policies stay', {
        issues: issues.slice(0, 20),
        hash: this.runtime.hash,
      })
    else log.info('configuration applied', { hash: this.runtime.hash })
    return this.applied
  }

  /** Keys end, or shrink, ahead of the file that will say so. Its hash is still that of what was read. */
  withdraw(withdrawals: readonly Withdrawal[]): void {
    const { metrics, calls, log } = this.#services
    if (!this.#config || !this.#context.withdrawn.note(withdrawals)) return
    this.#runtime = withKeys(this.runtime, this.#config, this.#keys, this.#context)
    metrics.reload('withdrawn')
    calls.reauthorize()
    log.info('keys withdrawn', { keys: withdrawals.length })
  }

  /** Where the certificate lies: it is rotated without a change of the texts that name it. */
  get secretFolders(): readonly string[] {
    const { tls } = this.#config ?? {}
    return tls ? [...new Set([tls.cert.file, tls.key.file].map(file => dirname(file)))] : []
  }

  async close(): Promise<void> {
    this.#context.healths.close()
    await this.#context.upstreams.close()
  }

  #swap(texts: ConfigTexts, keys: KeysFile): Issue[] {
    const found = parsed(texts.gateway, parseGatewayConfig)
    const issues = 'issues' in found ? issuesIn(found, 'gateway.json') : contradictions(found.value)
    if (issues.length === 0 && 'value' in found) {
      const failure = this.#compile(found.value, keys)
      if (failure === undefined) return []
      issues.push({ path: 'gateway.json: ', message: failure })
    }
    if (this.#runtime && this.#config) {
      this.#runtime = withKeys(this.#runtime, this.#config, keys, this.#context)
      this.#keys = keys
    }
    return issues
  }

  /** Everything that can fail happens before the swap. */
  #compile(config: GatewayConfig, keys: KeysFile): string | undefined {
    const { upstreams, healths } = this.#context
    try {
      const tls = this.#readTls(config)
      const runtime = compile(config, keys, this.#context)
      this.#runtime = runtime
      this.#config = config
      this.#keys = keys
      upstreams.commit()
      healths.commit()
      this.#services.audit.onFailure = config.audit?.onFailure ?? 'Refuse'
      if (tls && this.tls) this.onTls(tls)
      this.tls = tls
      return undefined
    } catch (error) {
      upstreams.rollback()
      healths.rollback()
      return (error as Error).message
    }
  }

  #readTls({ tls }: GatewayConfig): Tls | undefined {
    if (!tls) return undefined
    return { cert: this.#options.readSecret(tls.cert.file), key: this.#options.readSecret(tls.key.file) }
  }

  /** Certificates, guards and the secrets of child processes are rotated without a change of the texts that name their files. */
  #secretsChanged(): boolean {
    const config = this.#config
    if (!config) return false
    try {
      const tls = this.#readTls(config)
      if (tls && this.tls && !(tls.cert.equals(this.tls.cert) && tls.key.equals(this.tls.key))) return true
      if (config.servers.some(({ name }) => !sealerFits(name, this.#context))) return true
      return config.servers.some(server => !this.#context.upstreams.fits(server, config.allowedNetworks))
    } catch {
      // A secret that cannot be read just now: what runs goes on with what it has.
      return false
    }
  }
}
