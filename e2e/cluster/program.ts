import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a program in the repository; what it says goes to stderr. Answers with what it printed, throws when it fails. */
export function program(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  const options = { cwd: root, encoding: 'utf8', env: { ...process.env, ...environment } } as const
  const { status, stdout, error } = spawnSync(command, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`)
  return stdout.trim()
}

/** Whether a program runs and says that all is well. */
export const succeeds = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { cwd: root, stdio: 'ignore' }).status === 0
