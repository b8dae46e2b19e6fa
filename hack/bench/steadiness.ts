import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { z } from 'zod'
import { loadCore, proxyCore } from './process.ts'
import { programs } from './tools.ts'

const run = promisify(execFile)
const counted = z.strictObject({ windows: z.number().positive(), slow: z.number() })

/**
 * Share of the windows of 2 ms, from 0 to 1, in which a core did less than a quarter of its median work, the worse of both cores.
 *
 * Both cores only add numbers meanwhile, so it says how much of the time the machine itself stands nearly still. Where that is more than 1 %,
 * no program's p99 can be better than the length of such a spell.
 */
export async function measureSteadiness(): Promise<number> {
  const cores = await Promise.all(
    [proxyCore, loadCore].map(async core => {
      const { stdout } = await run('taskset', ['-c', String(core), programs.steady])
      const { windows, slow } = counted.parse(JSON.parse(stdout))
      return slow / windows
    }),
  )
  return Math.max(...cores)
}
