import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { printableJson } from '../gateway/config/printable.ts'
import { readEnvironment } from './environment.ts'
import { fromKubeconfig, inCluster } from './kit/credentials.ts'
import type { Logger } from './kit/log.ts'
import { startOperator } from './start.ts'

const write = (level: string, event: string, fields: Record<string, unknown> = {}): void =>
  void process.stdout.write(
    `${printableJson(JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }))}\n`,
  )

const log: Logger = {
  info: (event, fields) => write('info', event, fields),
  warn: (event, fields) => write('warn', event, fields),
  error: (event, fields) => write('error', event, fields),
}

function fail(event: string, error: unknown): never {
  log.error(event, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  process.exit(1)
}

async function main(): Promise<void> {
  const environment = readEnvironment(process.env)
  const { KUBECONFIG: kubeconfig } = environment
  const unfenced = process.argv.includes('--unfenced')
  if (unfenced) log.warn('unfenced', { why: '--unfenced: no admission policy is asked for' })
  const operator = await startOperator({
    credentials: kubeconfig === undefined ? inCluster() : fromKubeconfig(readFileSync(kubeconfig, 'utf8')),
    namespace: environment.POD_NAMESPACE,
    // A container that was started again is another process in the pod of the same name.
    identity: `${environment.POD_NAME}_${randomUUID()}`,
    gatewayImage: environment.GATEWAY_IMAGE,
    port: environment.HEALTH_PORT,
    unfenced,
    log,
    lost: () => process.exit(1),
  })
  log.info('started', { port: operator.port, namespace: environment.POD_NAMESPACE })
  const stop = (signal: string): void => {
    log.info('stopping', { signal })
    operator.stop().then(
      () => process.exit(0),
      (error: unknown) => fail('stop failed', error),
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

process.on('unhandledRejection', error => fail('unhandled rejection', error))
main().catch((error: unknown) => fail('start failed', error))
