import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const built = `${root}node_modules/.cache/bench`

/** The benchmark's own native programs, and wrk with its script. */
export const programs = {
  upstream: `${built}/upstream`,
  load: `${built}/load`,
  idle: `${built}/idle`,
  steady: `${built}/steady`,
  wrkScript: fileURLToPath(new URL('call.lua', import.meta.url)),
}

/** Builds the native programs and sees to it that wrk and nginx are there. Throws with what to do where they cannot be had. */
export function prepareTools(): void {
  const missing = ['taskset', 'wrk', 'nginx'].filter(program => !has(program))
  if (missing.length > 0) install(missing.map(program => (program === 'taskset' ? 'util-linux' : program)))
  if (!has('go')) throw new Error('The benchmark needs Go 1.22 or newer for its load generators: https://go.dev/dl/')
  mkdirSync(built, { recursive: true })
  execFileSync('go', ['build', '-trimpath', '-o', `${built}/`, './upstream', './load', './idle', './steady'], {
    cwd: fileURLToPath(new URL('native', import.meta.url)),
    stdio: 'inherit',
    env: { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
  })
}

function has(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function install(packages: readonly string[]): void {
  const command = ['install', '-y', '--no-install-recommends', ...packages]
  if (process.getuid?.() !== 0 || !has('apt-get')) {
    throw new Error(`The benchmark needs ${packages.join(', ')}: sudo apt-get ${command.join(' ')}`)
  }
  execFileSync('apt-get', ['update', '-q'], { stdio: 'ignore' })
  execFileSync('apt-get', ['-q', ...command], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
