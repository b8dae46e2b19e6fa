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
import type { Point, Row, Stage } from './stage.ts'
import { page, table } from './table.ts'

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

function stageOf(point: Point): Stage {
  return {
    cluster,
    kubectl: cluster.kubectl,
    full,
    async row(what, see) {
      let row: Row
      try {
        row = { point: point.id, what, ok: true, seen: await see() }
      } catch (error) {
        row = { point: point.id, what, ok: false, seen: error instanceof Error ? error.message : String(error) }
      }
      rows.push(row)
      process.stdout.write(`  ${row.ok ? 'ok    ' : 'FAILED'}  ${what}: ${row.seen}\n`)
      return row.ok
    },
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
  // Point 1 installs and looks at how that goes; without it somebody has to.
  if (wanted.some(({ id }) => id > '1') && !wanted.some(({ id }) => id === '1')) await install(cluster.kubectl)
  for (const point of wanted) {
    await runPoint(point)
    if (full) await writePage()
  }
} finally {
  if (values.keep !== true) cluster.stop()
}
process.stdout.write(`\n${table(rows, process.stdout.columns ?? 160)}\n`)
const failed = rows.filter(({ ok }) => !ok).length
process.stdout.write(
  `\n${rows.length - failed} of ${rows.length} as promised, ${Math.round((performance.now() - began) / 1000)} s\n`,
)
process.exitCode = failed === 0 && rows.length > 0 ? 0 : 1
