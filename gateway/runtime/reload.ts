import {
  parseGatewayConfig,
  parseKeysFile,
  type GatewayConfig,
  type Issue,
  type KeysFile,
  type Parsed,
} from '../config/index.ts'
import { checkTls, type Tls } from '../http/tls.ts'
import type { ConfigTexts } from '../options.ts'
import { compile, contradictions, withKeys, type CompileContext } from './compile.ts'
import { authenticators, isCurrent } from './long-lived.ts'
import { areCurrent } from './providers.ts'
import type { Runtime } from './runtime.ts'

/** A configuration in force: what was read, and what was made of it. */
export type ActiveConfiguration = {
  readonly config: GatewayConfig
  readonly keys: KeysFile
  readonly tls: Tls | undefined
  readonly runtime: Runtime
}

/** What became of the newest files. `active` is undefined when none was ever good. `keysRead`: the keys among them are in force. */
export type ReloadOutcome = {
  readonly active: ActiveConfiguration | undefined
  readonly keysRead: boolean
  readonly issues: readonly Issue[]
}

/** The keys while no keys file was ever read: they let no caller in. */
const noKeys: KeysFile = { schema: 1, keys: [] }

/** What a file says, or why it could not even be read. */
const parsed = <T>(text: string | Issue, parse: (text: string) => Parsed<T>): Parsed<T> =>
  typeof text === 'string' ? parse(text) : { issues: [text] }

const issuesIn = <T>(found: Parsed<T>, file: string): Issue[] =>
  'issues' in found ? found.issues.map(issue => ({ ...issue, path: `${file}: ${issue.path}` })) : []

/**
 * One change of configuration, from the texts of its files to what is in force: parse, check, compile, then commit or roll back. The new
 * configuration is built completely before anything of the former one goes.
 *
 * Keys first and whatever happens: a key that was removed, revoked or shortened is applied even when the policies beside it are refused. A keys
 * file that cannot be read changes nothing; its last good content stays.
 */
export function reload(
  texts: ConfigTexts,
  before: ActiveConfiguration | undefined,
  context: CompileContext,
): ReloadOutcome {
  // Parse.
  const policies = parsed(texts.gateway, parseGatewayConfig)
  const keysFile = parsed(texts.keys, parseKeysFile)
  const keysRead = 'value' in keysFile
  const keys = keysRead ? keysFile.value : (before?.keys ?? noKeys)
  const issues = [...issuesIn(keysFile, 'keys.json'), ...issuesIn(policies, 'gateway.json')]

  // Check.
  const contradicting = 'value' in policies ? contradictions(policies.value) : []
  issues.push(...contradicting)

  if ('value' in policies && contradicting.length === 0) {
    const config = policies.value
    context.registry.begin()
    try {
      // Compile: everything that can fail.
      const tls = readTls(config, context)
      if (tls) checkTls(tls)
      const runtime = compile(config, keys, context)
      // Commit.
      context.registry.commit()
      return { active: { config, keys, tls, runtime }, keysRead, issues }
    } catch (error) {
      // Roll back.
      context.registry.rollback()
      issues.push({ path: 'gateway.json: ', message: (error as Error).message })
    }
  }

  // Refused: the policies of before, and the keys of now.
  return { active: before && reloadKeys(before, keys, context), keysRead, issues }
}

/** A change of the keys alone: after refused policies, and when keys were withdrawn. Nothing else of what is in force is touched. */
export function reloadKeys(before: ActiveConfiguration, keys: KeysFile, context: CompileContext): ActiveConfiguration {
  context.registry.begin([authenticators])
  try {
    const runtime = withKeys(before.runtime, before.config, keys, context)
    context.registry.commit()
    return { ...before, keys, runtime }
  } catch (error) {
    context.registry.rollback()
    throw error
  }
}

const readTls = ({ tls }: GatewayConfig, context: CompileContext): Tls | undefined =>
  tls && { cert: context.readSecret(tls.cert.file), key: context.readSecret(tls.key.file) }

const sameTls = (one: Tls | undefined, other: Tls | undefined): boolean =>
  one === other || (!!one && !!other && one.cert.equals(other.cert) && one.key.equals(other.key))

/** Certificates, guards and the secrets of child processes are rotated without a change of the texts that name their files. */
export function secretsChanged({ config, keys, tls }: ActiveConfiguration, context: CompileContext): boolean {
  try {
    return (
      !sameTls(readTls(config, context), tls) ||
      !areCurrent(config, keys, context) ||
      config.servers.some(server => !isCurrent(server, config.allowedNetworks, context))
    )
  } catch {
    // A secret that cannot be read just now: what runs goes on with what it has.
    return false
  }
}
