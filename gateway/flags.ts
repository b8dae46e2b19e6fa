import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { duration, milliseconds } from './config/kit.ts'
import { podPorts } from './config/ports.ts'
import type { Endpoint } from './options.ts'

export const usage = `gateway --config DIR --state DIR [options]
  --pod                 in a pod: the ports are ${Object.values(podPorts).map(String).join(', ')} of every address, the operator may look, the audit log
                        goes to standard output, and no state folder is needed where there is a guard secret
  --audit FILE          audit log in a file that is rotated (default: DIR/audit.jsonl unless in a pod)
  --listen ADDRESS      where clients come in: HOST:PORT, or :PORT for every address of both families; again for more
  --admin ADDRESS       probes, drain and status; also the path of a socket (default: DIR/admin.sock)
  --metrics ADDRESS     metrics
  --guard FILE          the guard secret; one that is being replaced stands beside it as "previous"
  --drain-settle TIME   how long clients still arrive after the drain began (default 5s)
  --drain-grace TIME    after which a drain that nothing followed is over (default: the longest request timeout and 10s)`

const flags = {
  config: { type: 'string' },
  state: { type: 'string' },
  guard: { type: 'string' },
  pod: { type: 'boolean' },
  audit: { type: 'string' },
  listen: { type: 'string', multiple: true },
  admin: { type: 'string', multiple: true },
  metrics: { type: 'string', multiple: true },
  'drain-settle': { type: 'string' },
  'drain-grace': { type: 'string' },
} as const

/** What was asked of this process. */
export type Flags = {
  readonly config: string
  /** What is kept between two starts; undefined where the operator gives all of it. */
  readonly state: string | undefined
  /** File of the audit log; undefined for standard output. */
  readonly audit: string | undefined
  readonly guard: string | undefined
  readonly operator: boolean
  readonly client: readonly Endpoint[]
  readonly admin: readonly Endpoint[]
  readonly metrics: readonly Endpoint[]
  /** Milliseconds. */
  readonly drain: { readonly settle?: number; readonly grace?: number }
}

/** Both families, each bound alone, so that no other process can have the port in either; a node without IPv6 has one. */
const everywhere = (port: number): Endpoint[] => [
  { host: '0.0.0.0', port },
  { host: '::', port, optional: true },
]

function endpoints(text: string): Endpoint[] {
  const found = /^\[?([^\]]*)\]?:(\d+)$/.exec(text)
  if (!found) return [{ socket: text }]
  const [, host = '', port] = found
  return host === '' ? everywhere(Number(port)) : [{ host, port: Number(port) }]
}

function time(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!duration.safeParse(text).success) throw new Error(`--${name} ${text}: must be a duration such as 300ms or 5s`)
  return milliseconds(text)
}

/**
 * Reads the command line.
 * @throws Error with what is wrong with it
 */
export function readFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({ args: [...args], options: flags })
  const { config, state, pod = false } = values
  const isAlone = !pod || values.guard === undefined
  if (config === undefined || (isAlone && state === undefined)) throw new Error(`usage: ${usage}`)
  const asked = (given: readonly string[] | undefined, port: number, otherwise: string[]): Endpoint[] =>
    (given ?? (pod ? [`:${port}`] : otherwise)).flatMap(endpoints)
  const settle = time('drain-settle', values['drain-settle'])
  const grace = time('drain-grace', values['drain-grace'])
  return {
    config,
    state,
    audit: values.audit ?? (pod ? undefined : join(state ?? '', 'audit.jsonl')),
    guard: values.guard,
    operator: pod,
    client: asked(values.listen, podPorts.client, ['127.0.0.1:8080']),
    admin: asked(values.admin, podPorts.admin, [join(state ?? '', 'admin.sock')]),
    metrics: asked(values.metrics, podPorts.metrics, []),
    drain: { ...(settle === undefined ? {} : { settle }), ...(grace === undefined ? {} : { grace }) },
  }
}
