import { mkdirSync, readFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configTexts } from './files/config-folder.ts'
import { fileSink } from './observe/file-sink.ts'
import { readFlags } from './flags.ts'
import { guardsOf } from './files/guard-file.ts'
import { readOrCreateStateFile } from './files/state-file.ts'
import { auditNotices, droppingLog } from './observe/log.ts'
import { startGateway } from './start.ts'
import type { LineSink, Log } from './options.ts'
import { pipeSink } from './observe/pipe-sink.ts'
import { podRotation, standaloneRotation } from './config/rotation.ts'
import { watchFolders } from './files/watch.ts'

/** What may wait for the readers of standard output and standard error. Bytes. */
const maxUnread = { audit: 1024 * 1024, log: 256 * 1024 } as const

type LogSink = ReturnType<typeof pipeSink>

function logSink(): LogSink {
  const ignored = (): void => undefined
  const sink = pipeSink(process.stderr, maxUnread.log, { failed: ignored, recovered: ignored, noticed: ignored })
  process.on('exit', () => {
    try {
      writeSync(process.stderr.fd, sink.take())
    } catch {
      // There is no reader any more.
    }
  })
  return sink
}

function auditSink(file: string | undefined, isPod: boolean, log: Log): Promise<LineSink> {
  if (file === undefined) return Promise.resolve(pipeSink(process.stdout, maxUnread.audit, auditNotices(log)))
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  return fileSink(file, isPod ? podRotation : standaloneRotation, auditNotices(log))
}

/** 32 random bytes of the state folder. */
function stateBytes(state: string | undefined, name: string): Buffer {
  if (state === undefined) throw new Error(`--state is needed: nothing else says what ${name} is`)
  mkdirSync(state, { recursive: true, mode: 0o700 })
  return readOrCreateStateFile(join(state, name))
}

async function main(): Promise<void> {
  const { config, state, audit, guard, ...options } = readFlags(process.argv.slice(2))
  const logged = logSink()
  const log = droppingLog(logged, Date.now)
  let guards = guard === undefined ? ([stateBytes(state, 'guard')] as const) : guardsOf(guard)
  const gateway = await startGateway({
    ...options,
    texts: configTexts(config),
    readSecret: file => readFileSync(file),
    guard: () => guards,
    instance: process.env.POD_UID ?? stateBytes(state, 'instance').toString('hex').slice(0, 16),
    audit: await auditSink(audit, options.operator, log),
    log,
  })
  const reloadGuard = (file: string): void => {
    try {
      guards = guardsOf(file)
    } catch (error) {
      // Keys are revoked all the same.
      log.error('guard secret could not be read, the one before holds', { error: (error as Error).message })
    }
  }
  const reload = (): void => {
    if (guard !== undefined) reloadGuard(guard)
    gateway.apply(configTexts(config))
  }
  const folders = (): string[] => [config, ...(guard === undefined ? [] : [dirname(guard)]), ...gateway.secretFolders]
  const unwatch = watchFolders(folders, reload, log)
  const { urls, adminUrl: admin, metricsUrl: metrics, hash } = gateway
  log.info('listening', { urls, admin, metrics, hash })
  const stop = async (signal: string): Promise<void> => {
    log.info('stopping', { signal })
    unwatch()
    await gateway.stop()
    await logged.close()
  }
  const end = (signal: string): void => {
    stop(signal).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('stop failed', { error: String(error) })
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}

main().catch((error: unknown) => {
  process.stderr.write(`gateway: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
