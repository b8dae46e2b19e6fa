// node hack/rbac/necessity.ts: runs the operator's walk (rights.test.ts) once as it is and once without each verb of the operator's roles, and writes
// docs/rbac.md. Fails when the walk succeeds without a verb: then the operator has no need of it. Takes about half a minute for each verb.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../manifests/files.ts'
import { document, type Row } from './document.ts'
import { grantsOf, nameOf, operatorRoles } from '../manifests/grants.ts'

const vitest = join(root, 'node_modules', '.bin', 'vitest')
const report = join(root, 'out', 'rights.json')
const reporter = ['--reporter=json', `--outputFile.json=${report}`]

type Assertion = { readonly status: string; readonly title: string }
type Report = { readonly testResults: readonly { readonly assertionResults: readonly Assertion[]; message?: string }[] }

/** The first thing that failed, in words. */
function failure(): string {
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
  const failed = testResults.flatMap(({ assertionResults }) => assertionResults).find(one => one.status === 'failed')
  return failed?.title ?? testResults.map(({ message = '' }) => message.split('\n')[0]).join(' ')
}

/** What fails when the operator has everything but one grant; undefined when nothing does. */
function fails(grant: string | undefined): string | undefined {
  rmSync(report, { force: true })
  const env = { ...process.env, ...(grant === undefined ? {} : { BARTIZAN_WITHOUT: grant }) }
  const args = ['run', '--bail=1', ...reporter, 'hack/rbac/rights.test.ts']
  const { status } = spawnSync(vitest, args, { cwd: root, env, stdio: 'ignore' })
  return status === 0 ? undefined : failure()
}

const whole = fails(undefined)
if (whole !== undefined) throw new Error(`it fails with everything that the roles grant: ${whole}`)

const rows: Row[] = operatorRoles()
  .flatMap(grantsOf)
  .map(grant => {
    const what = fails(nameOf(grant))
    console.log(`${nameOf(grant)}: ${what ?? 'NOT NEEDED'}`)
    return { ...grant, fails: what }
  })

const needless = rows.filter(row => row.fails === undefined)
writeFileSync(join(root, 'docs/rbac.md'), document(rows))
if (needless.length > 0) {
  console.error(`not needed: ${needless.map(nameOf).join(', ')}`)
  process.exitCode = 1
}
