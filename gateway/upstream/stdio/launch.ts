import { startChild } from './child.ts'
import type { Child, ChildEvents } from './child.ts'
import { junkCounter } from './junk.ts'
import type { Junk } from './junk.ts'
import type { StdioOptions } from './options.ts'
import { redactor } from './redact.ts'
import { processSlots } from './slots.ts'
import { stderrLog } from './stderr.ts'

/** Starts the processes of one server and knows all that are left. */
export type Launcher = {
  readonly options: StdioOptions
  readonly junk: Junk
  /** A process for one principal, or undefined when there may be no more. */
  launch(owner: string, on: ChildEvents): Child | undefined
  /** Starts no more; resolves when the last process is gone. */
  stopAll(): Promise<void>
}

export function launcher(options: StdioOptions): Launcher {
  const { limits, log, name } = options
  const slots = processSlots(limits.maxProcesses, limits.maxProcessesPerPrincipal)
  const junk = junkCounter(name, log)
  const stderr = stderrLog(name, redactor(options.env), options.clock, log)
  const running = new Set<Child>()
  let closed = false

  return {
    options,
    junk,
    launch(owner, on) {
      if (closed) return undefined
      const release = slots.take(owner)
      if (release === undefined) return undefined
      const child = startChild(options, stderr, {
        line: bytes => on.line(bytes),
        tooLong(head, tail) {
          junk.count('tooLong', `a line of more than ${limits.maxLineBytes} bytes`)
          on.tooLong(head, tail)
        },
        gone(reason, started) {
          log.warn('stdio.gone', { server: name, pid: child.pid, reason })
          void counted.stop()
          on.gone(reason, started)
        },
      })
      const counted: Child = {
        ...child,
        async stop() {
          await child.stop()
          release()
          running.delete(counted)
        },
      }
      running.add(counted)
      if (child.pid !== undefined) log.info('stdio.started', { server: name, pid: child.pid })
      return counted
    },
    async stopAll() {
      closed = true
      await Promise.all([...running].map(child => child.stop()))
    },
  }
}
