import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fileSink } from './file-sink.ts'
import { kept } from './kept.ts'
import { lineBuffer } from './line-buffer.ts'
import { jsonLog } from './log.ts'
import { startGateway } from './start.ts'
import { ConfigurationError, type ConfigTexts, type Endpoint } from './options.ts'
import { watchFolder } from './watch.ts'

const usage =
  'gateway --config DIR --state DIR [--listen HOST:PORT]... [--admin HOST:PORT|SOCKET] [--metrics HOST:PORT] [--guard FILE]'

const flags = {
  config: { type: 'string' },
  state: { type: 'string' },
  guard: { type: 'string' },
  listen: { type: 'string', multiple: true },
  admin: { type: 'string' },
  metrics: { type: 'string' },
} as const

function endpoint(text: string): Endpoint {
  const found = /^\[?([^\]]*)\]?:(\d+)$/.exec(text)
  return found ? { host: found[1]!, port: Number(found[2]) } : { socket: text }
}

const textsOf = (folder: string): ConfigTexts => ({
  gateway: readFileSync(join(folder, 'gateway.json'), 'utf8'),
  keys: readFileSync(join(folder, 'keys.json'), 'utf8'),
})

async function main(): Promise<void> {
  const { values } = parseArgs({ options: flags })
  if (values.config === undefined || values.state === undefined) throw new Error(`usage: ${usage}`)
  const { config, state } = values
  mkdirSync(state, { recursive: true, mode: 0o700 })
  const lines = lineBuffer(text => process.stdout.write(text))
  process.on('exit', () => lines.flush())
  const log = jsonLog(line => lines.write(line), Date.now)
  const guard = kept(values.guard ?? join(state, 'guard'))
  const gateway = await startGateway({
    texts: textsOf(config),
    readSecret: file => readFileSync(file),
    guard: () => [guard],
    instance: process.env.POD_UID ?? kept(join(state, 'instance')).toString('hex').slice(0, 16),
    client: (values.listen ?? ['127.0.0.1:8080']).map(endpoint),
    admin: endpoint(values.admin ?? join(state, 'admin.sock')),
    ...(values.metrics === undefined ? {} : { metrics: endpoint(values.metrics) }),
    audit: await fileSink(join(state, 'audit.jsonl'), error => log.error('audit log failed', { error: error.message })),
    log,
  })
  const unwatch = watchFolder(
    config,
    () => textsOf(config),
    texts => gateway.apply(texts),
    log,
  )
  log.info('listening', {
    urls: gateway.urls,
    admin: gateway.adminUrl,
    metrics: gateway.metricsUrl,
    hash: gateway.hash,
  })
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
  const what =
    error instanceof ConfigurationError ? error.message : error instanceof Error ? error.message : String(error)
  process.stderr.write(`gateway: ${what}\n`)
  process.exit(1)
})
