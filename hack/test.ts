import { rmSync } from 'node:fs'
import { out } from './minted.ts'
import { runSteps } from './steps.ts'

/**
 * The tests, and what is asked of their traces afterwards: every requirement that is called done has a test that ran and passed, and no secret
 * that any test minted stands in a log, an audit line, a metric, an error, a title or an environment. `npm test -- PATTERN` runs a part, and
 * then the traces of the whole are not asked for.
 */
const filters = process.argv.slice(2)
const whole = filters.length === 0
if (whole) rmSync(out, { recursive: true, force: true })
const report = whole ? ['--reporter=default', '--reporter=json', '--outputFile.json=out/tests.json'] : []
runSteps([
  // Where they have to be built that takes minutes, too long for the tests that need them.
  ...(whole ? [{ says: 'etcd and Kubernetes', command: ['hack/cluster/binaries.ts'] }] : []),
  { says: 'tests', command: ['vitest', 'run', ...report, ...filters] },
  ...(whole
    ? [
        { says: 'requirements', command: ['hack/coverage.ts'] },
        { says: 'secrets', command: ['hack/leaks.ts'] },
        { says: 'times', command: ['hack/times.ts'] },
      ]
    : []),
])
