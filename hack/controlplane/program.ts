import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs'

/** A process of the control plane. */
export type Program = {
  readonly pid: number
  signal(name: NodeJS.Signals): void
  alive(): boolean
  /** Ends it at once, and resolves when it is gone. */
  kill(): Promise<void>
  /** The last lines of what it said. */
  tail(): string
}

/** Linux ends a child together with its parent when asked to; elsewhere a test run that is killed leaves its processes behind. */
const withParent = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] : []

const running = new Set<Program>()
process.on('exit', () => running.forEach(program => program.signal('SIGKILL')))

/** Starts a program whose output goes to a file. */
export function launch(command: readonly string[], log: string): Program {
  const [file = '', ...args] = [...withParent, ...command]
  const output = openSync(log, 'a')
  const child = spawn(file, args, { stdio: ['ignore', output, output] })
  closeSync(output)
  const { pid } = child
  if (pid === undefined) throw new Error(`${file} does not start`)
  const gone = once(child, 'exit')
  const program: Program = {
    pid,
    signal: name => void child.kill(name),
    alive: () => child.exitCode === null && child.signalCode === null,
    async kill() {
      if (program.alive()) child.kill('SIGKILL')
      await gone
      running.delete(program)
    },
    tail: () => readFileSync(log, 'utf8').trimEnd().split('\n').slice(-8).join('\n'),
  }
  running.add(program)
  return program
}

/** Asks until the answer is yes; gives up, with the last lines of the program, when it has ended or the deadline (milliseconds) has passed. */
export async function until(what: string, program: Program, ask: () => Promise<boolean>, within = 60_000) {
  const deadline = Date.now() + within
  while (!(await ask().catch(() => false))) {
    if (!program.alive() || Date.now() > deadline) throw new Error(`${what} did not come up:\n${program.tail()}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
