import { runSteps } from './steps.ts'
import { slowTests, testFiles } from './slow.ts'

/**
 * The tests without the slowest tenth of their files, for use between two edits: without those that start a real API server, or wait for minutes
 * of real time (`hack/slow.ts` says how they are known). `npm run test:fast -- PATTERN` runs a part. What is asked of the traces of a whole run is
 * not asked here.
 */
process.env['BARTIZAN_TESTS'] = 'fast'
runSteps([{ says: 'tests', command: ['vitest', 'run', ...process.argv.slice(2)] }])
process.stdout.write(
  `\n${slowTests().length} of ${testFiles().length} test files are slow and were left out; "npm test" runs them\n`,
)
