import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { findUnused } from './unused/find.ts'

type Files = Readonly<Record<string, string>>

const packages = (dependencies: Files, devDependencies: Files): string =>
  JSON.stringify({ type: 'module', dependencies, devDependencies }, undefined, 2)

/** A small tree of the shape of this one, in which everything is used. */
const tidy = {
  'package.json': packages({ zod: '4' }, { vitest: '5', prettier: '3' }),
  'gateway/main.ts': "import { z } from 'zod'\nimport { sum } from './sum.ts'\nconsole.log(z, sum(1, 2))\n",
  'gateway/sum.ts': 'export const sum = (a: number, b: number): number => a + b\n',
  'gateway/columns.ts': 'export const columns = 3\n',
  'operator/main.ts': "import { wait } from './wait.ts'\nwait()\n",
  'operator/wait.ts': 'export const seconds = 1\nexport const wait = (): number => seconds\n',
  'operator/wait.test.ts': `import { test } from 'vitest'
import { plane } from '../hack/plane.ts'
import { played } from './testing/played.ts'
import { seconds } from './wait.ts'
test('waits', () => plane(seconds, played))
`,
  'operator/testing/played.ts': 'export const played = 1\n',
  'hack/plane.ts': 'export const plane = (...all: number[]): void => console.log(all)\n',
  'hack/generate.ts': "import { columns } from '../gateway/columns.ts'\nconsole.log(columns)\n",
}

/** What is wrong, the files in which it is, and what is said of it. */
const wrong: readonly (readonly [string, Files, string])[] = [
  [
    'a file that nothing imports',
    { 'gateway/left.ts': 'export const left = 1\n' },
    'gateway/left.ts: unused file: remove it, or name it in hack/unused/everything.jsonc if it is started as a program',
  ],
  [
    'a file that only its own test imports',
    {
      'gateway/alone.ts': 'export const alone = 1\n',
      'gateway/alone.test.ts': "import { alone } from './alone.ts'\nconsole.log(alone)\n",
    },
    'gateway/alone.ts: unused file (only tests use it): remove it and its tests, or move it to them',
  ],
  [
    'an export that nothing uses',
    { 'operator/wait.ts': `${tidy['operator/wait.ts']}export const minutes = 2\n` },
    'operator/wait.ts:3: unused export "minutes": remove it',
  ],
  [
    'an export that only its own test uses',
    {
      'gateway/sum.ts': `${tidy['gateway/sum.ts']}export const difference = 2\n`,
      'gateway/sum.test.ts': "import { difference, sum } from './sum.ts'\nconsole.log(sum(1, difference))\n",
    },
    'gateway/sum.ts:2: unused export "difference" (only tests use it): remove it and its tests, or move it to them',
  ],
  [
    'a type that nothing uses',
    { 'gateway/columns.ts': `${tidy['gateway/columns.ts']}export type Columns = { readonly count: number }\n` },
    'gateway/columns.ts:2: unused type "Columns": remove it',
  ],
  [
    'an export of a tool that nothing uses',
    { 'hack/plane.ts': `${tidy['hack/plane.ts']}export const idle = 2\nimport 'hono'\n` },
    'hack/plane.ts:2: unused export "idle": remove it',
  ],
  ['a package that is not listed', {}, 'hack/plane.ts:3: package "hono" is not in package.json: npm install it'],
  [
    'a package that nothing imports',
    { 'package.json': packages({ zod: '4', undici: '8' }, { vitest: '5', prettier: '3', 'fast-check': '4' }) },
    'package.json:5: unused package "undici": npm uninstall it, or name it in hack/unused/everything.jsonc if it is run as a command',
  ],
  [
    'a package for development that nothing imports',
    {},
    'package.json:10: unused package "fast-check": npm uninstall it, or name it in hack/unused/everything.jsonc if it is run as a command',
  ],
]

function foundIn(files: Files): string[] {
  const root = mkdtempSync(join(tmpdir(), 'bartizan-unused-'))
  symlinkSync(join(import.meta.dirname, '..', 'node_modules'), join(root, 'node_modules'))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  try {
    return findUnused(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

test('what programs, tools and tests use is left alone', () => expect(foundIn(tidy)).toEqual([]))

describe('in a tree where much is wrong', () => {
  let found: string[]

  beforeAll(() => {
    found = foundIn(Object.assign({}, tidy, ...wrong.map(([, files]) => files)) as Files)
  })

  test.each(wrong)('%s is named, with what to do', (_, _files, line) => expect(found).toContain(line))

  test('nothing else is named', () => expect(found).toHaveLength(wrong.length))
})
