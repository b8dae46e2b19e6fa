import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { root } from './program.ts'

export type Ran = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

/** kubectl against one cluster. */
export type Kubectl = {
  /** Path or name of the program. */
  readonly file: string
  /** Runs to the end, whatever the exit code. */
  readonly run: (args: readonly string[], input?: string) => Promise<Ran>
  /** What it printed; throws with what it said when it failed. */
  readonly ok: (args: readonly string[], input?: string) => Promise<string>
  /** The object or list in JSON. */
  json<T>(args: readonly string[]): Promise<T>
  /** Applies manifests; server-side, so that no annotation of kubectl is in the way. */
  apply(manifests: string): Promise<string>
}

/** @param file kubectl itself @param kubeconfig path of a kubeconfig */
export function kubectlOf(file: string, kubeconfig: string): Kubectl {
  const kubectl: Kubectl = {
    file,
    async run(args, input = '') {
      const child = spawn(file, args, {
        cwd: root,
        env: { ...process.env, KUBECONFIG: kubeconfig },
        stdio: ['pipe', 'pipe', 'pipe'],
      })
      child.stdin.on('error', () => {}) // it may end without having read everything
      child.stdin.end(input)
      const ended = once(child, 'close') as Promise<[number | null]>
      const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
      return { status, stdout, stderr }
    },
    async ok(args, input) {
      const { status, stdout, stderr } = await kubectl.run(args, input)
      if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || stdout.trim()}`)
      return stdout
    },
    json: async args => JSON.parse(await kubectl.ok([...args, '-o', 'json'])) as never,
    apply: manifests => kubectl.ok(['apply', '--server-side', '--force-conflicts', '-f', '-'], manifests),
  }
  return kubectl
}
