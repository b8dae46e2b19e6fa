// node hack/rbac/necessity.ts [COMMAND...]: runs a command once as it is and once without each verb of the operator's roles, and writes docs/rbac.md.
// Fails when the command passes without a verb: then the operator has no need of it. What it runs installs by hack/manifests/install.ts.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../manifests/files.ts'
import { document, type Row } from './document.ts'
import { grantsOf, nameOf, operatorRoles } from './grants.ts'

const given = process.argv.slice(2)
const vitest = join(root, 'node_modules', '.bin', 'vitest')
const command = given.length > 0 ? given : [vitest, 'run', '--bail=1', '--reporter=json', 'hack/rbac/rights.test.ts']

type Report = { readonly testResults: readonly { readonly assertionResults: readonly Assertion[]; message?: string }[] }
type Assertion = { readonly status: string; readonly fullName: string }

/** The first thing that fails, in words: the name of a test where the command is vitest with its JSON report. */
function failure(stdout: string, stderr: string): string {
  const json = stdout.indexOf('{"numTotalTestSuites')
  if (json < 0) return stderr.trim().split('\n').at(-1) ?? 'it fails'
  const { testResults } = JSON.parse(stdout.slice(json)) as Report
  const failed = testResults.flatMap(({ assertionResults }) => assertionResults).find(one => one.status === 'failed')
  return failed?.fullName ?? testResults.map(({ message }) => message?.split('\n')[0]).join(' ')
}

/** What fails when the operator has everything but one grant; undefined when nothing does. */
function fails(grant: string | undefined): string | undefined {
  const env = { ...process.env, ...(grant === undefined ? {} : { BARTIZAN_WITHOUT: grant }) }
  const [file = '', ...args] = command
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 2 ** 28 })
  return status === 0 ? undefined : failure(stdout, stderr)
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
