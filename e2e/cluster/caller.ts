import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Cluster } from './cluster.ts'
import type { Kubectl } from './kubectl.ts'
import { demand, eventually } from './stage.ts'

/** The key that the operator made, with the command of the README; the Secret is not there at once. */
export const keyOf = (kubectl: Kubectl, namespace: string, secret: string): Promise<string> =>
  eventually(async () => {
    const path = 'go-template={{index .data "api-key" | base64decode}}'
    const key = (await kubectl.ok(['get', 'secret', '-n', namespace, secret, '-o', path])).trim()
    demand(key.startsWith('btz_'), `the Secret ${secret} holds no key`)
    return key
  }, 30_000)

export type Called = {
  readonly tools?: readonly string[]
  readonly result?: { content?: { text?: string }[] }
  readonly error?: string
}

/** Where a call goes, and what it asks for. */
export type Call = { readonly url: string; readonly key: string; readonly tool?: string; readonly args?: object }

/** An SDK client, run in a pod of the tests. */
export async function callFrom(kubectl: Kubectl, namespace: string, pod: string, call: Call): Promise<Called> {
  const asked = call.tool === undefined ? [] : [call.tool, JSON.stringify(call.args ?? {})]
  const command = ['env', `BARTIZAN_KEY=${call.key}`, 'node', '/app/client.mjs', call.url, ...asked]
  const { stdout, stderr } = await kubectl.run(['exec', '-n', namespace, pod, '--', ...command])
  const line = stdout.split('\n').find(text => text.startsWith('{'))
  demand(line !== undefined, `the client printed nothing: ${stderr.trim()}`)
  return JSON.parse(line) as Called
}

export type Forward = { readonly url: string; stop(): void }

/** A port of this machine that leads to a Service of the cluster, as `kubectl port-forward` does it. */
export async function forward(cluster: Cluster, namespace: string, target: string, port: number): Promise<Forward> {
  const args = ['port-forward', '-n', namespace, target, `:${port}`]
  const child = spawn(cluster.kubectl.file, args, {
    env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const found = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1]
    if (found !== undefined) return { url: `http://127.0.0.1:${found}`, stop: () => void child.kill() }
  }
  throw new Error(`kubectl port-forward ${target} ended`)
}
