import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** One command of a larger one: a file of this repository for Node, or what a package put into node_modules/.bin. */
export type Step = { readonly says: string; readonly command: readonly string[] }

const root = join(import.meta.dirname, '..')

function run({ says, command: [name = '', ...args] }: Step): boolean {
  process.stdout.write(`\n--- ${says}: ${[name, ...args].join(' ')}\n`)
  const script = name.endsWith('.ts')
  const program = script ? process.execPath : join(root, 'node_modules', '.bin', name)
  const { status, error } = spawnSync(program, script ? [join(root, name), ...args] : args, {
    cwd: root,
    stdio: 'inherit',
  })
  if (error) process.stderr.write(`${name} does not start: ${error.message}\n`)
  return status === 0
}

/** Runs all steps, also after one has failed, so that one run names everything that is wrong. The exit code is 1 if any failed. */
export function runSteps(steps: readonly Step[]): void {
  const failed = steps.filter(step => !run(step))
  if (failed.length === 0) return
  process.stderr.write(`\nfailed: ${failed.map(({ says }) => says).join(', ')}\n`)
  process.exitCode = 1
}
