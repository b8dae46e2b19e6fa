import { dirname } from 'node:path'
import type { Issue } from '../config/index.ts'
import type { Withdrawal } from '../config/withdrawal.ts'
import type { Tls } from '../http/tls.ts'
import type { ConfigTexts, ReloadResult } from '../options.ts'
import type { CompileContext } from './compile.ts'
import { reload, reloadKeys, secretsChanged, type ActiveConfiguration, type ReloadOutcome } from './reload.ts'
import type { Runtime, Services } from './runtime.ts'

/** The configuration in force, who hears of its changes, and what became of the newest files. How it changes: `reload.ts`. */
export class Configuration {
  #active: ActiveConfiguration | undefined
  #texts: ConfigTexts | undefined
  #last: Pick<ReloadResult, 'keys' | 'issues'> = { keys: false, issues: [] }
  #isClosed = false
  onTls: (tls: Tls) => void = () => undefined
  readonly #services: Pick<Services, 'audit' | 'calls' | 'log' | 'metrics'>
  readonly #context: CompileContext

  constructor(services: Pick<Services, 'audit' | 'calls' | 'log' | 'metrics'>, context: CompileContext) {
    this.#services = services
    this.#context = context
  }

  get runtime(): Runtime {
    if (!this.#active) throw new Error('no configuration was compiled yet')
    return this.#active.runtime
  }

  get tls(): Tls | undefined {
    return this.#active?.tls
  }

  /** What became of the newest files. */
  get applied(): ReloadResult {
    return { hash: this.runtime.hash, ...this.#last }
  }

  /** The first configuration; what is wrong with it, or nothing. */
  first(texts: ConfigTexts): readonly Issue[] {
    return this.#change(texts).issues
  }

  /** A later one. When it is refused, the last good policies stay, and its keys are applied all the same. */
  apply(texts: ConfigTexts): ReloadResult {
    const { metrics, calls, log } = this.#services
    if (this.#isClosed) return this.applied
    if (this.#isInForce(texts)) {
      metrics.reload('unchanged')
      return this.applied
    }
    const { issues } = this.#change(texts)
    metrics.reload(issues.length > 0 ? 'refused' : 'applied')
    calls.reauthorize()
    const { hash } = this.runtime
    if (issues.length > 0)
      log.error('configuration refused, the last good policies stay', { issues: issues.slice(0, 20), hash })
    else log.info('configuration applied', { hash })
    return this.applied
  }

  /** Keys end, or shrink, ahead of the file that will say so. Its hash is still that of what was read. */
  withdraw(withdrawals: readonly Withdrawal[]): void {
    const { metrics, calls, log } = this.#services
    if (this.#isClosed || !this.#active || !this.#context.withdrawn.note(withdrawals)) return
    this.#active = reloadKeys(this.#active, this.#active.keys, this.#context)
    metrics.reload('withdrawn')
    calls.reauthorize()
    log.info('keys withdrawn', { keys: withdrawals.length })
  }

  /** Where the certificate lies: it is rotated without a change of the texts that name it. */
  get secretFolders(): readonly string[] {
    const { tls } = this.#active?.config ?? {}
    return tls ? [...new Set([tls.cert.file, tls.key.file].map(file => dirname(file)))] : []
  }

  close(): Promise<void> {
    this.#isClosed = true
    return this.#context.registry.close()
  }

  #isInForce(texts: ConfigTexts): boolean {
    const same = this.#texts?.gateway === texts.gateway && this.#texts.keys === texts.keys
    return same && this.#active !== undefined && !secretsChanged(this.#active, this.#context)
  }

  #change(texts: ConfigTexts): ReloadOutcome {
    const before = this.#active
    const outcome = reload(texts, before, this.#context)
    const { active, keysRead, issues } = outcome
    this.#active = active
    this.#last = { keys: keysRead, issues }
    // What was refused may be fine at the next look: a secret that could not be read for a moment.
    this.#texts = issues.length === 0 ? texts : undefined
    if (active) this.#services.audit.onFailure = active.config.audit?.onFailure ?? 'Refuse'
    if (active?.tls && before?.tls && active.tls !== before.tls) this.onTls(active.tls)
    return outcome
  }
}
