import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const launcher = join(import.meta.dirname, '..', '..', 'cli', 'bartizan.js')

/** What a command said, and how it ended. */
export type Said = { readonly code: number; readonly out: string; readonly err: string }

/** Runs a `bartizan` command to its end. */
export async function bartizan(...args: string[]): Promise<Said> {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code: code ?? 1, ...said }
}

/** A running `bartizan run`. */
export type Running = {
  /** Base address of the gateway, as it printed it. */
  readonly url: string
  /** Everything that it printed. */
  said(): string
  /** Ends it as a service manager would; resolves to its exit code. */
  stop(): Promise<number>
}

async function end(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const hard = setTimeout(() => child.kill('SIGKILL'), 40_000)
  const [code] = (await exit) as [number | null]
  clearTimeout(hard)
  return code ?? 1
}

/**
 * Starts `bartizan run` and waits until it says where it listens.
 * @throws with what it said when it ends first
 */
export async function bartizanRun(...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [launcher, 'run', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const listening = new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString()
      const url = /listening on (\S+?)[:,]?\s/.exec(said)?.[1]
      if (url !== undefined && said.includes('Ctrl-C ends')) resolve(url)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('exit', code => reject(new Error(`bartizan run ended with ${code}:\n${said}`)))
  })
  return { url: await listening, said: () => said, stop: () => end(child) }
}
