import { describe, expect, test } from 'vitest'
import { imported, sourcesOf, type SourceTexts } from './tree/imports.ts'

/** Which part may import what. The longest prefix owns a file; a part may always import itself. `hack` and `e2e` are free. */
const may: Readonly<Record<string, readonly string[]>> = {
  // Of Node only its hashes: the names of configurations and the keys that gateway and operator derive alike. The pure parts have no more.
  'gateway/config': ['zod', 'node:'],
  gateway: ['gateway/config', 'hono', '@hono/node-server', 'undici', 'jose', 'prom-client', 'node:'],
  crds: ['gateway/config', 'zod'],
  'operator/translate': ['gateway/config', 'crds', 'zod'],
  'operator/kit': ['undici', 'node:'],
  // Speaks MCP as a client that does not trust the server; the operator and the command line list tools by it.
  'mcp-client': ['undici', 'node:'],
  // zod reads the environment, undici dials the gateways: what is no call to the API server is not the kit's.
  operator: ['gateway/config', 'crds', 'operator/kit', 'mcp-client', 'operator/translate', 'undici', 'zod', 'node:'],
  cli: [
    'gateway',
    'gateway/config',
    'crds',
    'mcp-client',
    'operator/translate',
    'hono',
    'yaml',
    'zod',
    'undici',
    'node:',
  ],
}

/** Parts that decide and do nothing else: no IO, no clock, no randomness; what they need of those is passed in. */
const pure = ['gateway/config', 'gateway/policies', 'gateway/detectors', 'operator/translate', 'crds']
const impure =
  /\b(?:Date\.now\(|new Date\(\)|Math\.random\(|performance\.now\(|process\.|fetch\(|setTimeout\(|setInterval\(|console\.|crypto\.random|random(?:Bytes|UUID|Int|FillSync)\b)|from 'node:(?!(?:crypto|buffer|util)')/

const sources: SourceTexts = new Map(
  [...sourcesOf('{gateway,operator,mcp-client,crds,cli,console}/**/*.ts')].filter(
    ([file]) => !/\/(?:golden|arbitrary)\.ts$/.test(file),
  ),
)

const ownerOf = (path: string): string =>
  Object.keys(may)
    .filter(part => path.startsWith(`${part}/`))
    .toSorted((a, b) => b.length - a.length)[0] ?? path

/** Types of the Kubernetes client cost nothing at run time. */
const isTypeOfClient = (text: string): boolean => /^import type [^\n]*'@kubernetes\/client-node'/m.test(text)

/** Every import that the table does not allow, as `file -> target`. */
function offending(files: SourceTexts): string[] {
  return [...files].flatMap(([file, text]) => {
    const owner = ownerOf(file)
    return imported(file, text)
      .filter(target => ownerOf(target) !== owner && !may[owner]?.includes(ownerOf(target)))
      .filter(target => !(target === '@kubernetes/client-node' && owner.startsWith('operator') && isTypeOfClient(text)))
      .map(target => `${file} -> ${target}`)
  })
}

describe('imports', () => {
  test('go only where the table allows', () => {
    expect(sources.size).toBeGreaterThan(10)
    expect(offending(sources)).toEqual([])
  })

  test.each([
    ['gateway/config/bad.ts', "import { run } from '../evaluation/pipeline.ts'", 'gateway/evaluation/pipeline.ts'],
    ['gateway/bad.ts', "import { translate } from '../operator/translate/index.ts'", 'operator/translate/index.ts'],
    ['gateway/auth/bad.ts', "import {\n  kinds,\n} from '../../crds/index.ts'", 'crds/index.ts'],
    ['operator/bad.ts', "export { app } from '../gateway/app.ts'", 'gateway/app.ts'],
    ['operator/translate/bad.ts', "import { readFileSync } from 'node:fs'", 'node:'],
    ['operator/kit/bad.ts', "const { CoreV1Api } = await import('@kubernetes/client-node')", '@kubernetes/client-node'],
    ['crds/bad.ts', "import 'lodash/fp'", 'lodash'],
  ])('from %s to elsewhere are named', (file, text, target) => {
    expect(offending(new Map([[file, text]]))).toEqual([`${file} -> ${target}`])
  })

  test('within a part and down the table are allowed', () => {
    const text =
      "import type { V1Pod } from '@kubernetes/client-node'\nimport { a } from './kit/client.ts'\nimport 'node:fs'"
    expect(offending(new Map([['operator/main.ts', text]]))).toEqual([])
  })
})

describe('the pure parts', () => {
  test('have no IO, clock or randomness of their own', () => {
    const found = [...sources]
      .filter(([file]) => pure.some(part => file.startsWith(`${part}/`)))
      .flatMap(([file, text]) =>
        text.split('\n').flatMap((line, at) => {
          const code = line.replace(/\/\/.*|^\s*\/?\*.*/, '')
          return impure.test(code) ? [`${file}:${at + 1}: ${line.trim()}`] : []
        }),
      )
    expect(found).toEqual([])
  })

  test.each([
    'const now = Date.now()',
    "import { readFileSync } from 'node:fs'",
    "import { randomBytes } from 'node:crypto'",
    'if (process.env.DEBUG) {}',
  ])('would be caught with: %s', line => expect(line).toMatch(impure))
})

describe('text of callers and servers', () => {
  /** Their own readers, and four that read what the gateway or its operator wrote: the configuration, a signed report, signed withdrawals, the inside of a sealed session id. */
  const readers = /^gateway\/(?:mcp\/|config\/(?:index|report|withdrawal)\.ts$|sessions\/session\.ts$)/

  test('is given to JSON.parse in gateway/mcp alone, which knows where V8 misreads it', () => {
    const parsing = [...sources].filter(
      ([file, text]) => file.startsWith('gateway/') && /\bJSON\.parse\(|\.json\(\)/.test(text),
    )
    expect(parsing.length).toBeGreaterThan(2)
    expect(parsing.map(([file]) => file).filter(file => !readers.test(file))).toEqual([])
  })
})
