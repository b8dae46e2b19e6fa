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
  readonly pid: number
  /** Everything that it printed. */
  said(): string
  /** Resolves when the pattern stands in what it printed after the first `from` characters. */
  until(pattern: RegExp, from?: number): Promise<void>
  /** Closes the pipes that it prints to. */
  deafen(): void
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

type Environment = Readonly<Record<string, string>>

/**
 * Starts `bartizan run` and waits until it says where it listens.
 * @param env added to the environment
 * @throws with what it said when it ends first
 */
export async function bartizanRun(args: readonly string[], env: Environment = {}): Promise<Running> {
  const child = spawn(process.execPath, [launcher, 'run', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let said = ''
  let ended: Error | undefined
  const waiting = new Set<() => void>()
  const wake = (): void => waiting.forEach(look => look())
  const hear = (chunk: Buffer): void => {
    said += chunk.toString()
    wake()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  child.once('close', code => {
    ended = new Error(`bartizan run ended with ${code}:\n${said}`)
    wake()
  })
  const until = (pattern: RegExp, from = 0): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.test(said.slice(from))
        if (!found && !ended) return
        waiting.delete(look)
        if (found) resolve()
        else reject(ended!)
      }
      waiting.add(look)
      look()
    })
  await until(/Ctrl-C ends/)
  const url = /listening on (\S+?)[:,]?\s/.exec(said)?.[1] ?? ''
  const deafen = (): void => [child.stdout, child.stderr].forEach(pipe => pipe.destroy())
  return { url, pid: child.pid!, said: () => said, until, deafen, stop: () => end(child) }
}
