import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { bundleGateway } from '../bundle.ts'
import { gatewayFlags } from '../flags.ts'
import { bartizan, proveChain } from './bartizan.ts'
import { budgets, holds, type Measured } from './budgets.ts'
import { measureAfterLoad, measureIdleCpu, measureStarts, measureStreams } from './footprint.ts'
import type { Tool } from './load.ts'
import { nginx } from './nginx.ts'
import { loadCore, start } from './process.ts'
import { report, type Environment } from './report.ts'
import { measureRows, type Plan } from './rows.ts'
import { answers } from './target.ts'
import { measureSteadiness } from './steadiness.ts'
import { prepareTools, programs } from './tools.ts'

const { values: given } = parseArgs({
  options: {
    only: { type: 'string' },
    connections: { type: 'string', default: '1,16,64' },
    repeats: { type: 'string' },
    seconds: { type: 'string' },
    idle: { type: 'string' },
    quick: { type: 'boolean', default: false },
    // Another program in the gateway's place, started with the same arguments, or other flags: to compare, never to publish.
    gateway: { type: 'string' },
    flags: { type: 'string' },
    // Rows alone, no memory, start and streams.
    calls: { type: 'boolean', default: false },
  },
})

const allTools: readonly Tool[] = ['small', 'large', 'events']
const plan: Plan = {
  tools: given.only === undefined ? allTools : allTools.filter(tool => tool === given.only),
  connections: given.connections.split(',').map(Number),
  repeats: Number(given.repeats ?? (given.quick ? 2 : 5)),
  seconds: Number(given.seconds ?? (given.quick ? 2 : 5)),
}
/** A partial look must not replace the figures of a whole run. */
const whole =
  !given.quick &&
  !given.calls &&
  given.only === undefined &&
  given.gateway === undefined &&
  given.flags === undefined &&
  plan.repeats >= 5
const log = (line: string): void => console.log(line)

prepareTools()
const entry = given.gateway ?? (await bundleGateway())
const flags = (memory?: number): readonly string[] => given.flags?.split(' ') ?? gatewayFlags(memory)
const program = [...flags(), entry]
const figures = await measure()
const environment = describeEnvironment()
if (whole) {
  await writeFile(new URL('../../docs/performance.md', import.meta.url), report(environment, figures))
} else {
  console.log(report(environment, figures))
}
for (const budget of budgets(figures)) if (holds(budget) === false) console.log(`missed: ${budget.what}`)

async function measure(): Promise<Measured> {
  const server = start({
    core: loadCore,
    command: [programs.upstream],
    env: { ...process.env, GOMAXPROCS: '1' },
    lines: true,
  })
  const upstream = new URL(`http://${await server.line()}/mcp`)
  const direct = { name: 'direct' as const, url: upstream.href, key: '', stop: async () => {} }
  await answers(direct)
  try {
    const targets = { direct, nginx: await nginx(upstream), bartizan: await bartizan(program, upstream) }
    if (given.gateway === undefined) await proveChain(targets.bartizan)
    const stalls = [await measureSteadiness()]
    const rows = await measureRows(targets, plan, log)
    stalls.push(await measureSteadiness())
    const afterLoad = await measureAfterLoad(targets.bartizan)
    await targets.bartizan.stop()
    await targets.nginx.stop()
    if (given.calls) return { rows, afterLoad, starts: [], idleCpu: [], streams: [], stalls }
    log('starts, idle CPU, silent streams')
    const starts = await measureStarts(program, upstream, plan.repeats)
    const idleCpu = await measureIdleCpu(program, upstream, given.quick ? 1 : 5)
    const streams = [await measureStreams(program, upstream, 1000)]
    if (given.idle !== undefined)
      streams.push(await measureStreams([...flags(1024), entry], upstream, Number(given.idle)))
    return { rows, afterLoad, starts, idleCpu, streams, stalls }
  } finally {
    await server.stop()
  }
}

function describeEnvironment(): Environment {
  const first = (command: string, args: readonly string[]): string => {
    return (
      execFileSync('sh', ['-c', `"$0" "$@" 2>&1 || true`, command, ...args], { encoding: 'utf8' })
        .split('\n')[0]
        ?.trim() ?? ''
    )
  }
  const changed =
    first('git', ['status', '--porcelain', '--untracked-files=no', '--', 'gateway', 'hack']) === ''
      ? ''
      : ' with changes'
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: first('git', ['rev-parse', '--short', 'HEAD']) + changed,
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores: cpus().length,
    kernel: release(),
    node: process.version,
    programs: [
      first('nginx', ['-v']).replace('nginx version: ', ''),
      first('wrk', ['-v']).split(' Copyright')[0] ?? '',
      first('go', ['version']),
    ],
    flags: flags(),
    repeats: plan.repeats,
    seconds: plan.seconds,
  }
}
