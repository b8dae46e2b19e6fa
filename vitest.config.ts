import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{gateway,operator,crds,cli,config,hack,e2e}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'out/**'],
    setupFiles: ['hack/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is polled for comes when it comes; how long a busy machine takes for it is nobody's assertion.
    expect: { poll: { timeout: 30_000, interval: 100 } },
    // Two cores: more workers only make the real processes of the wire tests wait for each other.
    maxWorkers: 2,
  },
})
