import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gatewayFlags } from '../../hack/flags.ts'
import { keep } from '../../hack/minted.ts'

/** The real gateway process. */
export type GatewayProcess = {
  readonly url: string
  /** All of them: one for each address family. */
  readonly urls: readonly string[]
  readonly port: number
  readonly pid: number
  readonly adminUrl: string
  readonly metricsUrl: string
  /** Resolves when the log has a line that holds all of these words, among the lines that were not waited for yet. */
  logged(...words: string[]): Promise<string>
  audit(): { [member: string]: unknown }[]
  /** Sends SIGTERM and waits for the end; the exit code. */
  stop(): Promise<number | null>
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<void>
  readonly child: ChildProcess
}

export type ProcessOptions = {
  readonly args: readonly string[]
  /** The folder for `--state`. */
  readonly state: string
  /** Names the traces of this gateway in the search for leaked secrets. */
  readonly name: string
  readonly env?: Readonly<Record<string, string>>
  /** The program; the sources unless it says otherwise. */
  readonly program?: string
}

const main = join(import.meta.dirname, '../../gateway/main.ts')

/** Starts the gateway with the flags of its image and waits until it listens; rejects with its log when it ends instead. */
export async function startProcess({
  args,
  state,
  name,
  env = {},
  program = main,
}: ProcessOptions): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [...gatewayFlags(), program, ...args, '--state', state], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let log = ''
  let from = 0
  const waiting = new Set<() => void>()
  const more = (chunk: Buffer): void => {
    log += chunk.toString()
    for (const look of waiting) look()
  }
  child.stdout.on('data', more)
  child.stderr.on('data', more)
  const ended = once(child, 'close')
  const logged: GatewayProcess['logged'] = (...words) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const lines = log.slice(from).split('\n')
        const line = lines.find(text => words.every(word => text.includes(word)))
        if (line === undefined) return
        from = log.indexOf(line, from) + line.length
        waiting.delete(look)
        resolve(line)
      }
      waiting.add(look)
      void ended.then(() => reject(new Error(`the gateway ended: ${log}`)))
      look()
    })
  const line = JSON.parse(await logged('"event":"listening"')) as { urls: string[]; admin: string; metrics: string }
  const url = line.urls[0]!
  const file = join(state, 'audit.jsonl')
  return {
    url,
    urls: line.urls,
    port: Number(new URL(url).port),
    pid: child.pid!,
    adminUrl: line.admin,
    metricsUrl: line.metrics,
    logged,
    child,
    audit: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map(text => JSON.parse(text) as { [member: string]: unknown }),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        keep('title', name, readFileSync(`/proc/${child.pid}/cmdline`))
        keep('environment', name, readFileSync(`/proc/${child.pid}/environ`))
        keep('metrics', name, await (await fetch(`${line.metrics}/metrics`)).text())
        child.kill('SIGTERM')
      }
      await ended
      keep('log', name, log)
      keep('audit', name, readFileSync(file, 'utf8'))
      return child.exitCode
    },
  }
}
