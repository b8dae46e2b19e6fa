import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configTexts } from './config-folder.ts'
import { fileSink } from './file-sink.ts'
import { readFlags } from './flags.ts'
import { guardsOf } from './guard-file.ts'
import { kept } from './kept.ts'
import { lineBuffer } from './line-buffer.ts'
import { jsonLog } from './log.ts'
import { startGateway } from './start.ts'
import type { Log } from './options.ts'
import { watchFolders } from './watch.ts'

function logToStdout(): Log {
  const lines = lineBuffer(text => process.stdout.write(text))
  process.on('exit', () => lines.flush())
  return jsonLog(line => lines.write(line), Date.now)
}

async function main(): Promise<void> {
  const { config, state, guard, ...options } = readFlags(process.argv.slice(2))
  mkdirSync(state, { recursive: true, mode: 0o700 })
  const log = logToStdout()
  let guards = guard === undefined ? ([kept(join(state, 'guard'))] as const) : guardsOf(guard)
  const gateway = await startGateway({
    ...options,
    texts: configTexts(config),
    readSecret: file => readFileSync(file),
    guard: () => guards,
    instance: process.env.POD_UID ?? kept(join(state, 'instance')).toString('hex').slice(0, 16),
    audit: await fileSink(join(state, 'audit.jsonl'), error => log.error('audit log failed', { error: error.message })),
    log,
  })
  const lookAtGuard = (file: string): void => {
    try {
      guards = guardsOf(file)
    } catch (error) {
      // Keys are revoked all the same.
      log.error('guard secret could not be read, the one before holds', { error: (error as Error).message })
    }
  }
  const look = (): void => {
    if (guard !== undefined) lookAtGuard(guard)
    gateway.apply(configTexts(config))
  }
  const folders = (): string[] => [config, ...(guard === undefined ? [] : [dirname(guard)]), ...gateway.secretFolders]
  const unwatch = watchFolders(folders, look, log)
  const { urls, adminUrl: admin, metricsUrl: metrics, hash } = gateway
  log.info('listening', { urls, admin, metrics, hash })
  const stop = (signal: string): void => {
    log.info('stopping', { signal })
    unwatch()
    gateway.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('stop failed', { error: String(error) })
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

main().catch((error: unknown) => {
  process.stderr.write(`gateway: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
