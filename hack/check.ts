import { runSteps } from './steps.ts'

/** Everything that can be said of the sources without running them. Imports, sizes and generated files have tests of their own. */
runSteps([
  { says: 'types', command: ['tsc'] },
  { says: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', '.'] },
  { says: 'nothing unused', command: ['hack/unused.ts'] },
  { says: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  {
    says: 'repository',
    command: [
      'vitest',
      'run',
      'hack/imports.test.ts',
      'hack/tree.test.ts',
      'hack/budget.test.ts',
      'hack/patterns.test.ts',
      'hack/docs.test.ts',
      'hack/prose.test.ts',
      'hack/generate',
    ],
  },
])
