import { parseArgs } from 'node:util'
import type { Tool } from './load.ts'

/** What a comparison of two versions measures, and how it is judged. */
export type ComparisonPlan = {
  /** As it was typed: any name that git knows for a commit. */
  readonly against: string
  readonly tools: readonly Tool[]
  readonly connections: number
  /** Pairs of fresh processes, one of each version: a tool gets one ratio of each. */
  readonly pairs: number
  /** Starts of each version after which idle memory is read. */
  readonly starts: number
  /** The most that the lower end of the interval of a CPU ratio may be. */
  readonly limit: number
  /** MiB that idle memory may grow; not judged without it. */
  readonly memoryLimit?: number
}

const allTools: readonly Tool[] = ['small', 'events', 'large']
/** Fewer pairs give an interval that is too wide to judge a few per cent. */
const leastPairs = 15

/** Reads the options of `npm run bench -- --against COMMIT`. Throws with what is wrong. */
export function planOf(args: readonly string[]): ComparisonPlan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      against: { type: 'string', default: '' },
      only: { type: 'string' },
      connections: { type: 'string', default: '16' },
      pairs: { type: 'string', default: String(leastPairs) },
      starts: { type: 'string', default: '7' },
      limit: { type: 'string', default: '1.10' },
      'memory-limit': { type: 'string' },
    },
  })
  const tools = allTools.filter(tool => values.only === undefined || tool === values.only)
  if (tools.length === 0) throw new Error(`--only takes one of ${allTools.join(', ')}`)
  return {
    against: values.against,
    tools,
    connections: whole('connections', values.connections, 1),
    pairs: whole('pairs', values.pairs, leastPairs),
    starts: whole('starts', values.starts, 1),
    limit: positive('limit', values.limit),
    ...(values['memory-limit'] === undefined ? {} : { memoryLimit: positive('memory-limit', values['memory-limit']) }),
  }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name} takes a whole number of at least ${least}`)
  return value
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new Error(`--${name} takes a number above 0`)
  return value
}
