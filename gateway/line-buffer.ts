/** Milliseconds that lines wait for each other. */
const flushAfter = 50
const flushBytes = 16 * 1024

export type LineBuffer = {
  write(line: string): void
  /** Hands over what waits. To be called before the process ends. */
  flush(): void
}

/** Joins lines into few writes: a busy gateway must not make a system call for every line that it logs. */
export function lineBuffer(write: (lines: string) => void): LineBuffer {
  let pending = ''
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (pending === '') return
    const lines = pending
    pending = ''
    write(lines)
  }
  return {
    write(line) {
      pending += line
      if (pending.length >= flushBytes) flush()
      else timer ??= setTimeout(flush, flushAfter)
    },
    flush,
  }
}
