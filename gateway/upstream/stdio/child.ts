import { spawn as nodeSpawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lineReader, oneLine } from './lines.ts'
import type { StdioOptions } from './options.ts'
import { stopGroup } from './stop.ts'

/** What a process tells: lines without their end, lines that were too long, and once that it can no longer be used. */
export type ChildEvents = {
  line(bytes: Buffer): void
  tooLong(head: string, tail: string): void
  /** `started` is false when the program could not be run at all. */
  gone(reason: string, started: boolean): void
}

/** One process of a stdio server. */
export type Child = {
  readonly pid: number | undefined
  /** Writes one message as one line. False: not taken, there is too much unread input. What a dead process is sent is lost; `gone` tells. */
  send(message: Buffer): boolean
  pause(): void
  resume(): void
  /** Closes its input, then ends the whole process group and removes its home. Resolves when nothing is left. */
  stop(): Promise<void>
}

/** How long a process that exited, or closed its output, may take to do the other too, so that its last words and its code are known. */
const DRAIN = 200

const NEWLINE = Buffer.from('\n')

/** Starts one process in a group and a home of its own. Never throws: what fails is told by `gone`. */
export function startChild(o: StdioOptions, stderr: (pid?: number) => (chunk: Buffer) => void, on: ChildEvents): Child {
  let home: string | undefined
  const removeHome = async (): Promise<void> => {
    if (home === undefined) return
    await rm(home, { recursive: true, force: true, maxRetries: 2 }).catch((error: unknown) => {
      o.log.warn('stdio.home.left', { server: o.name, error: String(error) })
    })
  }
  let child: ChildProcessWithoutNullStreams
  try {
    home = mkdtempSync(join(o.tempRoot, 'bartizan-home-'))
    child = run(o, home)
  } catch (error) {
    // The message would quote the argument or the variable that is wrong.
    queueMicrotask(() => on.gone(`it could not be started: ${codeOf(error)}`, false))
    return { pid: undefined, send: () => true, pause() {}, resume() {}, stop: removeHome }
  }

  let gone = false
  let stopping: Promise<void> | undefined
  const exited = Promise.withResolvers<void>()

  const leave = (reason: string): void => {
    if (gone) return
    gone = true
    on.gone(reason, child.pid !== undefined)
    void stop()
  }

  const stop = (): Promise<void> => {
    gone = true
    stopping ??= (async () => {
      child.stdin.end()
      // Unread output would keep a child from seeing that its input has ended.
      child.stdout.resume()
      if (child.pid !== undefined) await stopGroup(child.pid, exited.promise, o.clock, o.limits.stopGrace)
      child.stdout.destroy()
      child.stderr.destroy()
      await removeHome()
    })()
    return stopping
  }

  const read = lineReader(
    o.limits.maxLineBytes,
    line => {
      if (!gone) on.line(oneLine(line))
    },
    (head, tail) => {
      if (!gone) on.tooLong(head, tail)
    },
  )
  child.stdout.on('data', read)
  child.stderr.on('data', stderr(child.pid))
  child.stdout.on('end', () => void o.clock.after(DRAIN, () => leave('it closed its output')))
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => leave('a pipe broke'))
  child.on('error', error => leave(`it could not be run: ${codeOf(error)}`))
  child.on('exit', (code, signal) => {
    exited.resolve()
    o.clock.after(DRAIN, () => leave(exitReason(code, signal)))
  })
  child.on('close', (code, signal) => leave(exitReason(code, signal)))

  return {
    pid: child.pid,
    send(message) {
      if (gone) return true
      if (child.stdin.writableLength > o.limits.maxUnread) return false
      child.stdin.cork()
      child.stdin.write(oneLine(message))
      child.stdin.write(NEWLINE)
      child.stdin.uncork()
      return true
    },
    pause: () => void child.stdout.pause(),
    resume: () => void child.stdout.resume(),
    stop,
  }
}

function run(o: StdioOptions, home: string): ChildProcessWithoutNullStreams {
  const [program = '', ...first] = o.command
  return (o.spawn ?? nodeSpawn)(program, [...first, ...o.args], {
    env: { PATH: o.path, HOME: home, ...o.env },
    // A group of its own: it can be ended with all its descendants, and a Ctrl-C for the gateway does not reach it.
    detached: true,
    ...(o.cwd === undefined ? {} : { cwd: o.cwd }),
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`
}
