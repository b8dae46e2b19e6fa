import { randomBytes } from 'node:crypto'
import type { GatewayConfig, KeysFile } from '../../gateway/config/index.ts'
import { startGateway } from '../../gateway/start.ts'
import type { Gateway, GatewayOptions } from '../../gateway/options.ts'

export type Played = Gateway & {
  readonly url: string
  /** Lets time pass for the gateway: its own clock jumps, and what waits for time looks at it. */
  pass(milliseconds: number): void
  readonly audit: () => { [member: string]: unknown }[]
  readonly logs: { event: string; fields: Record<string, unknown> | undefined }[]
  /** Whether the audit sink takes lines. */
  stalled: boolean
}

/** A gateway in this process whose clock the test plays; sockets and servers are real. */
export async function playedGateway(
  config: GatewayConfig,
  keys: KeysFile,
  more: Partial<GatewayOptions> = {},
): Promise<Played> {
  let now = Date.now()
  let text = ''
  const guard = randomBytes(32)
  const logs: Played['logs'] = []
  const say = (event: string, fields?: Record<string, unknown>): void => void logs.push({ event, fields })
  const gateway = await startGateway({
    texts: { gateway: JSON.stringify(config), keys: JSON.stringify(keys) },
    readSecret: file => {
      throw new Error(`no secret at ${file}`)
    },
    guard: () => [guard],
    instance: 'test',
    client: [{ host: '127.0.0.1', port: 0 }],
    admin: [{ host: '127.0.0.1', port: 0 }],
    metrics: [{ host: '127.0.0.1', port: 0 }],
    audit: {
      write: lines => {
        text += lines
      },
      stalled: () => played.stalled,
      close: () => Promise.resolve(),
    },
    log: { info: say, warn: say, error: say },
    now: () => now,
    ...more,
  })
  const played: Played = Object.assign(Object.create(gateway) as Gateway, {
    url: gateway.urls[0]!,
    pass: (milliseconds: number) => {
      now += milliseconds
      gateway.tick()
    },
    audit: () =>
      text
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line) as { [member: string]: unknown }),
    logs,
    stalled: false,
  })
  return played
}
