import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ci = process.env['CI'] === 'true'

/** Go as it is installed: another version is not fetched. */
const go = (...args: string[]) =>
  spawnSync('go', args, {
    cwd: join(import.meta.dirname, 'enforcer'),
    env: { ...process.env, GOTOOLCHAIN: 'local' },
    encoding: 'utf8',
  })

/** The enforcer is written in Go, and so are the tests of the rules that it makes of policies. */
test('the enforcer passes its own tests', { timeout: 300_000 }, context => {
  // Fails where there is no Go, and where it is older than the module asks for.
  if (go('list').status !== 0 && !ci) context.skip('needs the Go of hack/cluster/enforcer/go.mod, or a newer one')
  const { status, stdout, stderr, error } = go('test', '-v', './...')
  if (status !== 0) throw new Error(`go test: ${error?.message ?? stdout + stderr}`)
  expect(stdout).toMatch(/^--- PASS/m)
})
