import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { z } from 'zod'
import { loadCore } from './process.ts'
import type { Target } from './target.ts'
import { programs } from './tools.ts'

const run = promisify(execFile)

/** What is called: 300 bytes both ways, a result of 64 KB, five events and a result. */
export type Tool = 'small' | 'large' | 'events'

const answered = z.strictObject({
  calls: z.number(),
  errors: z.number(),
  seconds: z.number().positive(),
  p50: z.number(),
  p99: z.number(),
})

/** What a load generator saw; latencies in microseconds. */
export type Answered = z.infer<typeof answered>

export type Load = {
  readonly tool: Tool
  readonly connections: number
  readonly seconds: number
  /** Calls per second over all connections; without it as fast as they are answered. */
  readonly rate?: number
}

/** Not one call was answered in the time of a load, and none failed: others keep the machine busy. */
export class NoAnswer extends Error {}

/** Loads a target and throws when a single call is not answered by a result. */
export async function load(target: Target, what: Load): Promise<Answered> {
  // wrk knows neither rates nor where an event stream ends.
  const native = what.rate !== undefined || what.tool === 'events'
  const seen = native ? await byLoad(target, what) : await byWrk(target, what)
  if (seen.errors > 0)
    throw new Error(`${target.name}: ${seen.errors} of ${seen.calls + seen.errors} calls failed (${what.tool})`)
  if (seen.calls === 0) throw new NoAnswer(`${target.name}: no call was answered in ${what.seconds} s (${what.tool})`)
  return seen
}

async function byWrk(target: Target, what: Load): Promise<Answered> {
  const measure = [
    '-t1',
    `-c${what.connections}`,
    `-d${what.seconds}s`,
    '--timeout',
    '10s',
    '-s',
    programs.wrkScript,
    target.url,
  ]
  const { stdout } = await run('taskset', ['-c', String(loadCore), 'wrk', ...measure, '--', what.tool, target.key])
  return readWrk(stdout)
}

/** Reads the line that call.lua prints at the end. */
export function readWrk(output: string): Answered {
  const line = /^RESULT (.*)$/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`wrk printed no result: ${output}`)
  return answered.parse(JSON.parse(line))
}

async function byLoad(target: Target, what: Load): Promise<Answered> {
  const measure = [
    '-tool',
    what.tool,
    '-conns',
    String(what.connections),
    '-duration',
    `${what.seconds}s`,
    '-rate',
    String(what.rate ?? 0),
  ]
  const { stdout } = await run('taskset', [
    '-c',
    String(loadCore),
    programs.load,
    '-url',
    target.url,
    '-key',
    target.key,
    ...measure,
  ])
  return answered.parse(JSON.parse(stdout))
}
