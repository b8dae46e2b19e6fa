import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { pattern } from '../../gateway/config/pattern.ts'

/** A process that the benchmark started and will end. */
export type Running = {
  readonly pid: number
  /** The next line of its standard output. */
  line(): Promise<string>
  readonly input: Writable
  stop(): Promise<void>
}

/** Core of whatever is measured, and core of everything that makes it work. */
export const proxyCore = 0
export const loadCore = 1

/** A program on one core: what it is told, and whether what it prints is read. Output that is not read would fill its pipe and stop it. */
export type Start = {
  readonly core: number
  readonly command: readonly [string, ...string[]]
  readonly env?: NodeJS.ProcessEnv
  readonly lines?: boolean
}

export function start({ core, command, env = process.env, lines = false }: Start): Running {
  // `taskset` replaces itself, so the pid is the program's own.
  const child = spawn('taskset', ['-c', String(core), ...command], {
    stdio: ['pipe', lines ? 'pipe' : 'ignore', 'inherit'],
    env,
  })
  const output = child.stdout === null ? undefined : createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const exited = once(child, 'exit')
  if (child.pid === undefined || child.stdin === null) throw new Error(`${command[0]} did not start`)
  return {
    pid: child.pid,
    input: child.stdin,
    async line() {
      const next = await output?.next()
      if (next === undefined || next.done === true) throw new Error(`${command[0]} ended without an answer`)
      return next.value
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await exited
      clearTimeout(late)
    },
  }
}

/** CPU time of all threads of a process so far, in microseconds: the scheduler's own count, in nanoseconds in /proc/PID/task/TID/schedstat. */
export function cpuOf(pid: number): number {
  let spent = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    spent += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  }
  return spent / 1000
}

/** Memory of a process in MiB: anonymous pages, which no other process shares, and all that is resident. */
export type Memory = { readonly anonymous: number; readonly resident: number }

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (name: string): number => Number(pattern(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { anonymous: mebibytes('RssAnon'), resident: mebibytes('VmRSS') }
}

/** Children of a process. */
export function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

/** How many files a process may open; sockets count. */
export function openFilesLimit(): number {
  const limit = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
}

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
