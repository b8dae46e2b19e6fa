import { defineConfig } from 'vitest/config'
import { slowTests } from './hack/slow.ts'

/** Asks for a bound in time, so it has both cores for itself, after all others. */
const alone = ['e2e/operator/scale.test.ts']

/** `npm run test:fast` leaves them out. */
const slow = process.env['BARTIZAN_TESTS'] === 'fast' ? slowTests() : []

export default defineConfig({
  test: {
    setupFiles: ['hack/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is polled for comes when it comes; how long a busy machine takes for it is not asserted.
    expect: { poll: { timeout: 30_000, interval: 100 } },
    // Two cores: more workers only make the real processes of the wire tests wait for each other.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['{gateway,operator,mcp-client,crds,cli,config,hack,e2e}/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'out/**', ...alone, ...slow],
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'alone', include: alone, exclude: slow, sequence: { groupOrder: 1 } } },
    ],
  },
})
