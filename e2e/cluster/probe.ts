import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Cluster } from './cluster.ts'
import { demand, eventually } from './stage.ts'

/** One thing that the probe saw: milliseconds since the epoch, by the clock of the node. */
type Seen = {
  readonly target: string
  readonly at: number
  readonly admitted?: boolean
  readonly ended?: 'listen' | 'call'
}

/** A gateway, as address and port, the host that it is asked for, and the server. */
export type Target = { readonly address: string; readonly host: string; readonly server: string }

export type Probe = {
  /** Waits until every target has let the probe in, or refused it, after a moment; when each did. */
  all(admitted: boolean, after: number): Promise<readonly number[]>
  /** When each stream and call that was held ended after a moment; waits until all have. */
  ends(after: number): Promise<readonly number[]>
  stop(): void
}

/** Where the probe runs, and as whom. */
export type From = { readonly namespace: string; readonly pod: string; readonly key: string; readonly interval: number }

/** Starts the probe of the test image in a pod. */
export function startProbe(cluster: Cluster, from: From, targets: readonly Target[]): Probe {
  const asked = targets.map(({ address, host, server }) => `${address},${host},${server}`)
  const command = ['env', `BARTIZAN_KEY=${from.key}`, 'node', '/app/probe.mjs', `${from.interval}`, ...asked]
  const args = ['exec', '-n', from.namespace, from.pod, '--', ...command]
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig }
  const child = spawn(cluster.kubectl.file, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const seen: Seen[] = []
  createInterface({ input: child.stdout }).on('line', line => seen.push(JSON.parse(line) as Seen))

  function settled(
    after: number,
    kind: string,
    number: number,
    is: (seen: Seen) => boolean,
  ): Promise<readonly number[]> {
    return eventually(
      () => {
        const times = seen.filter(each => each.at >= after && is(each)).map(({ at }) => at)
        if (times.length >= number) return Promise.resolve(times)
        return Promise.reject(new Error(`${times.length} of ${number} ${kind}`))
      },
      60_000,
      20,
    )
  }

  return {
    async all(admitted, after) {
      demand(child.exitCode === null, 'the probe has ended')
      return settled(after, admitted ? 'let in' : 'refused', targets.length, each => each.admitted === admitted)
    },
    ends: after => settled(after, 'ended', 2 * targets.length, each => each.ended !== undefined),
    stop: () => void child.kill(),
  }
}
