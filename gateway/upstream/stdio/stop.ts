import type { Clock } from './clock.ts'

/** Sends a signal to every process of a group. False when none of them is left. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal)
  } catch {
    return false
  }
}

/**
 * Ends a process group whose input was closed already: waits, then SIGTERM, waits again, then SIGKILL. The group and not the process, because
 * wrappers such as npx leave their own child behind.
 */
export async function stopGroup(leader: number, exited: Promise<void>, clock: Clock, grace: number): Promise<void> {
  await within(exited, clock, grace)
  if (!signalGroup(leader, 'SIGTERM')) return
  if (await emptied(leader, clock, grace)) return
  signalGroup(leader, 'SIGKILL')
  await within(exited, clock, grace)
}

const POLL = 25

async function emptied(leader: number, clock: Clock, grace: number): Promise<boolean> {
  const deadline = clock.now() + grace
  while (signalGroup(leader, 0)) {
    if (clock.now() >= deadline) return false
    await new Promise<void>(resolve => void clock.after(POLL, resolve))
  }
  return true
}

async function within(done: Promise<void>, clock: Clock, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = clock.after(ms, resolve)
  await Promise.race([done, promise])
  stop()
}
