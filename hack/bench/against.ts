import { measureMemory, measurePairs } from './pairs.ts'
import { planOf } from './plan.ts'
import { loadCore, start } from './process.ts'
import { prepareTools, programs } from './tools.ts'
import { figures, missed, verdict, type Compared } from './verdict.ts'
import { otherVersion, ownVersion } from './version.ts'

/** `npm run bench -- --against COMMIT`: exit code 1 when a limit is missed, 2 when nothing could be measured. */
async function compare(): Promise<void> {
  const plan = planOf(process.argv.slice(2))
  const versions = { old: await otherVersion(plan.against), new: await ownVersion() }
  prepareTools()
  console.log(`new: this tree, ${versions.new.name}; old: ${versions.old.name}; ${plan.connections} connections`)
  const server = start({
    core: loadCore,
    command: [programs.upstream],
    env: { ...process.env, GOMAXPROCS: '1' },
    lines: true,
  })
  try {
    const upstream = new URL(`http://${await server.line()}/mcp`)
    const pairs = await measurePairs(versions, upstream, plan, line => console.log(line))
    console.log(`idle memory, ${plan.starts} starts of each`)
    const compared: Compared = { pairs, memory: await measureMemory(versions, upstream, plan.starts) }
    console.log(['', ...figures(compared), verdict(compared, plan)].join('\n'))
    if (missed(compared, plan).length > 0) process.exitCode = 1
  } finally {
    await server.stop()
  }
}

await compare().catch((reason: unknown) => {
  console.error(reason instanceof Error ? reason.message : String(reason))
  process.exitCode = 2
})
