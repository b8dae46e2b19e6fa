import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Cluster } from './cluster.ts'
import { eventually } from './stage.ts'

/** Everything that the containers of some pods print, those that come later included, until each has ended. */
export type Logs = { readonly lines: readonly string[]; stop(): Promise<void> }

/** Follows the logs of the container `container` in all pods with a label; asks twice a second for new ones. */
export function followLogs(cluster: Cluster, namespace: string, selector: string, container: string): Logs {
  const lines: string[] = []
  const followed = new Map<string, ChildProcess>()
  const over = new AbortController()

  function follow(pod: string): void {
    const args = ['logs', '-f', '-n', namespace, pod, '-c', container]
    const child = spawn(cluster.kubectl.file, args, {
      env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    followed.set(pod, child)
    let printed = false
    createInterface({ input: child.stdout }).on('line', line => {
      printed = true
      lines.push(line)
    })
    // The container may not run yet, and a pod that no node has taken yet has an empty log that ends well: both are asked for again.
    child.on('exit', code => {
      if (code !== 0 || !printed) followed.delete(pod)
    })
  }

  async function look(): Promise<void> {
    const path = 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}'
    const { stdout } = await cluster.kubectl.run(['get', 'pods', '-n', namespace, '-l', selector, '-o', path])
    for (const pod of stdout.split('\n').filter(Boolean)) if (!followed.has(pod)) follow(pod)
  }

  const looking = (async () => {
    while (!over.signal.aborted) {
      await look().catch(() => undefined)
      await new Promise(resolve => setTimeout(resolve, 500))
    }
  })()

  return {
    lines,
    async stop() {
      over.abort()
      await looking
      // What was printed last is still on its way.
      let before = -1
      await eventually(
        () => {
          const settled = before === lines.length
          before = lines.length
          return settled ? Promise.resolve() : Promise.reject(new Error('logs still arrive'))
        },
        10_000,
        1000,
      ).catch(() => undefined)
      for (const child of followed.values()) child.kill()
    },
  }
}
