// npm run e2e [-- --full] [--only 1,3] [--keep] [--built]: the promises of the operator, seen on a real cluster. --keep leaves the cluster running,
// --built takes the images that are there.
// npm run demo:cluster: the main ones, in minutes.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { obtainCluster } from './cluster.ts'
import { provideImages } from './images/index.ts'
import { install } from './install.ts'
import { points } from './points/index.ts'
import { root } from './program.ts'
import type { Outcome, Point, Row, Stage } from './stage.ts'
import { page, table, word } from './table.ts'

const { values } = parseArgs({
  options: {
    full: { type: 'boolean' },
    only: { type: 'string' },
    keep: { type: 'boolean' },
    built: { type: 'boolean' },
    demo: { type: 'boolean' },
  },
})
const full = values.full === true
const only = values.only?.split(',')

function isWanted({ id, short, demo }: Point): boolean {
  if (only !== undefined) return only.includes(id)
  return values.demo === true ? demo : full || short
}

const wanted = points.filter(isWanted)

const began = performance.now()
const cluster = await obtainCluster()
const rows: Row[] = []
process.stdout.write(`on ${cluster.says}\n`)
if (values.built !== true) await provideImages(cluster)

function tell(row: Row): void {
  rows.push(row)
  process.stdout.write(`  ${word(row.outcome)}  ${row.what}: ${row.seen}\n`)
}

function stageOf(point: Point): Stage {
  return {
    cluster,
    kubectl: cluster.kubectl,
    full,
    async row(what, see) {
      try {
        tell({ point: point.id, what, outcome: 'ok', seen: await see() })
        return true
      } catch (error) {
        const seen = error instanceof Error ? error.message : String(error)
        tell({ point: point.id, what, outcome: 'failed', seen })
        return false
      }
    },
    unseen: (what, why) => tell({ point: point.id, what, outcome: 'not seen', seen: why }),
  }
}

/** A point that breaks off has failed, and the others still run. */
async function runPoint(point: Point): Promise<void> {
  process.stdout.write(`\n${point.id}. ${point.title}\n`)
  const stage = stageOf(point)
  const start = performance.now()
  try {
    await point.run(stage)
  } catch (error) {
    await stage.row('runs to its end', () => Promise.reject(error))
  }
  process.stdout.write(`  ${Math.round((performance.now() - start) / 1000)} s\n`)
}

/** After each point: a run that is cut off leaves what it has seen. */
async function writePage(): Promise<void> {
  const { serverVersion } = await cluster.kubectl.json<{ serverVersion: { gitVersion: string } }>(['version'])
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ')
  const run = { cluster: cluster.says, version: serverVersion.gitVersion, date }
  const file = join(root, 'docs', 'e2e.md')
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  writeFileSync(file, page(before, rows, new Map(points.map(({ id, title }) => [id, title])), run))
}

try {
  // Point 1 installs and looks at how that goes; without it this step has to.
  if (wanted.some(({ id }) => id > '1') && !wanted.some(({ id }) => id === '1')) await install(cluster.kubectl)
  for (const point of wanted) {
    await runPoint(point)
    if (full) await writePage()
  }
} finally {
  if (values.keep !== true) cluster.stop()
}
process.stdout.write(`\n${table(rows, process.stdout.columns ?? 160)}\n`)
const count = (outcome: Outcome): number => rows.filter(row => row.outcome === outcome).length
const [ok, failed, unseen] = [count('ok'), count('failed'), count('not seen')]
const elsewhere = unseen > 0 ? `, ${unseen} cannot be seen on this cluster` : ''
process.stdout.write(
  `\n${ok} of ${ok + failed} as promised${elsewhere}, ${Math.round((performance.now() - began) / 1000)} s\n`,
)
process.exitCode = failed === 0 && ok > 0 ? 0 : 1
