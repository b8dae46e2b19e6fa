import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import type { Difference } from './compare.ts'
import { controls } from './controls.ts'
import { startFixture, startGateway } from './endpoints.ts'
import { legs } from './legs.ts'
import { addedBySabotage, compareLeg, type LegReport } from './leg-report.ts'
import { isSeen, sabotages } from './sabotages.ts'
import { startShim } from './shim.ts'
import type { Side } from './side.ts'
import { table } from './table.ts'

const usage = `usage: node e2e/conformance/run.ts [--legs 2025-11-25,2026-07-28] [--sabotage] [--entry dist/gateway/main.mjs]
  --legs      which revisions; default all
  --sabotage  afterwards break the way on purpose, three times, and fail unless each break is seen
  --entry     the gateway to start; default its sources`

const { values } = parseArgs({
  options: {
    legs: { type: 'string' },
    sabotage: { type: 'boolean', default: false },
    entry: { type: 'string' },
  },
})
const wanted = values.legs?.split(',') ?? legs.map(leg => leg.revision)
const chosen = legs.filter(leg => wanted.includes(leg.revision))
if (chosen.length !== wanted.length) throw new Error(`no such leg among ${wanted.join(', ')}\n${usage}`)

const output = join(import.meta.dirname, '../../out/conformance')
const show = ({ scenario, id, direct, through, message }: Difference): string =>
  `  ${scenario} / ${id}: ${direct.join(' ') || 'absent'} -> ${through.join(' ') || 'absent'}${message === undefined ? '' : `\n      ${message}`}`

const fixture = await startFixture()
const upstream = `http://127.0.0.1:${fixture.port}/mcp`
const gateway = await startGateway(upstream, values.entry)
const { key } = gateway.chain
let failed = false
try {
  const held = await controls(`http://127.0.0.1:${gateway.port}/mcp`, key)
  const reports = await plainLegs()
  const unseen = values.sabotage ? await sabotagedLegs(reports) : []
  console.log(
    `\nchain A:\n${stringify({ ...gateway.chain.gateway, keys: gateway.chain.keys.keys }, { aliasDuplicateObjects: false })}`,
  )
  const { auditLines, verdicts } = await gateway.evidence()
  console.log(`controls: ${held.map(({ what, held }) => `${what}: ${held ? 'yes' : 'NO'}`).join(', ')}`)
  console.log(`audit lines: ${auditLines}, verdicts counted: ${verdicts}\n`)
  console.log(
    table(
      ['leg', 'scenarios', 'checks', 'raw checks', 'differences'],
      reports.map(r => [r.leg, r.scenarios, r.checks, r.raw, r.found.length]),
    ),
  )
  for (const { leg, found } of reports) if (found.length > 0) console.log(`\n${leg}:\n${found.map(show).join('\n')}`)
  for (const name of unseen) console.log(`\nthe sabotage "${name}" was not seen`)
  const chainAtWork = held.every(control => control.held) && auditLines > 0 && verdicts > 0
  const equal = reports.every(({ found, directPassed }) => found.length === 0 && directPassed)
  failed = unseen.length > 0 || !chainAtWork || !equal
} finally {
  await gateway.stop()
  await fixture.stop()
}
process.exitCode = failed ? 1 : 0

async function plainLegs(): Promise<LegReport[]> {
  const shim = await startShim({ target: gateway.port, key })
  const reports: LegReport[] = []
  for (const leg of chosen) {
    console.log(`${leg.revision}: direct, then through the gateway`)
    const report = await compareLeg(leg, side('direct', upstream), side('bartizan', shim.url))
    if (!report.directPassed) console.log(`${leg.revision}: the suite does not accept the fixture itself`)
    for (const scenario of report.again)
      console.log(`${leg.revision}: a connection broke, so ${scenario} was run again`)
    reports.push(report)
  }
  await shim.stop()
  return reports
}

/** The names of the sabotages that made no difference. */
async function sabotagedLegs(reports: readonly LegReport[]): Promise<string[]> {
  const unseen: string[] = []
  for (const sabotage of sabotages) {
    const leg = chosen.find(({ revision }) => revision === sabotage.leg)
    const before = reports.find(report => report.leg === sabotage.leg)
    if (!leg || !before) {
      console.log(`\nsabotage "${sabotage.name}" left out: it needs the leg ${sabotage.leg}`)
      continue
    }
    const shim = await startShim({ target: gateway.port, key, sabotage })
    const name = `sabotage-${sabotage.name.replaceAll(' ', '-').toLowerCase()}`
    const added = await addedBySabotage(leg, before, side(name, shim.url))
    console.log(`\nsabotage "${sabotage.name}" (${leg.revision}): ${added.length} differences`)
    const first = added.toSorted((a, b) => Number(isSeen(sabotage, [b])) - Number(isSeen(sabotage, [a])))
    console.log(first.slice(0, 3).map(show).join('\n'))
    if (!isSeen(sabotage, added)) unseen.push(sabotage.name)
    await shim.stop()
  }
  return unseen
}

function side(name: string, url: string): Side {
  return { name, url, output }
}
