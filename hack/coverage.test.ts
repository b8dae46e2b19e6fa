import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { contradictions, parseRows, proofs, type Rows } from './coverage-rows.ts'
import { unresolved, type Report } from './coverage.ts'

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'docs', 'coverage.yaml'), 'utf8')
const rows = parseRows(text)

/** The ids of the requirements and the letters of their criteria, read from their table. */
function required(table: string): Record<string, string> {
  const lines = table.split('\n').filter(line => /^\| ([WASD]-[0-9]+|P-[0-9.]+) \|/.test(line))
  return Object.fromEntries(
    lines.map(line => {
      const id = line.split(' ')[1]!
      const letters = id.startsWith('P-') ? [...line.matchAll(/\(([a-z])\)/g)].map(match => match[1]!) : []
      return [id, letters.join('')]
    }),
  )
}

describe('docs/coverage.yaml', () => {
  test('has an entry for each of the 351 requirements', () => {
    const perDocument = Object.groupBy(Object.keys(rows), id => id[0]!)
    expect(Object.entries(perDocument).map(([letter, ids]) => [letter, ids!.length])).toEqual([
      ['W', 89],
      ['A', 98],
      ['P', 39],
      ['S', 47],
      ['D', 78],
    ])
  })

  test('knows all lettered criteria', () => {
    expect(Object.values(rows).reduce((sum, row) => sum + (row.criteria?.length ?? 0), 0)).toBe(150)
  })

  test('agrees with the requirements where they lie beside the checkout', () => {
    const folder = join(root, '..', 'shared')
    const table = existsSync(folder) ? required(readFileSync(join(folder, 'requirements.md'), 'utf8')) : undefined
    const here = Object.fromEntries(Object.entries(rows).map(([id, row]) => [id, row.criteria ?? '']))
    expect(here).toEqual(table ?? here)
  })

  test('links a decision that exists wherever something was decided otherwise', () => {
    const decisions = Object.values(rows).flatMap(row => (row.status === 'decided-otherwise' ? [row.decision] : []))
    expect(decisions.length).toBeGreaterThan(0)
    expect(decisions.filter(file => !existsSync(join(root, file)))).toEqual([])
  })

  test('names a proof for each criterion, and no test for more than eight rows', () => {
    expect(contradictions(rows)).toEqual([])
  })

  test('names only test files that exist', () => {
    const files = proofs(rows).map(({ proof }) => proof.split(' > ')[0]!)
    expect(files.filter(file => !existsSync(join(root, file)))).toEqual([])
  })
})

describe('the reader of coverage', () => {
  const one = (row: string): string => `rows:\n  W-01: { says: x, where: y, ${row} }\n`

  test.each([
    ['an id that stands there twice', one('status: open') + '  W-01: { says: x, where: y, status: open }\n', 'unique'],
    ['an unknown status', one('status: nearly'), 'status'],
    ['a done row without proof', one('status: done'), 'proof'],
    ['a proof that names no test', one('status: done, proof: gateway/reader.test.ts'), 'file > full test name'],
    ['another way without a decision', one('status: decided-otherwise'), 'decision'],
    ['an id of no document', 'rows:\n  X-01: { says: x, where: y, status: open }\n', 'X-01'],
  ])('refuses %s', (_, wrong, problem) => expect(() => parseRows(wrong)).toThrow(problem))

  test('sees a criterion without a proof', () => {
    const proven = one("status: done, criteria: ab, proof: { a: 'x.test.ts > works' }")
    expect(contradictions(parseRows(proven))).toEqual(['W-01: criteria ab, proofs a'])
  })

  test('sees a test that proves nine rows', () => {
    const done = { status: 'done', says: 'x', where: 'y', proof: 'x.test.ts > everything works' } as const
    const nine: Rows = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`W-0${at + 1}`, done]))
    expect(contradictions(nine)).toEqual(['"x.test.ts > everything works" proves 9 rows, at most 8 are believed'])
  })
})

describe('the resolver of proofs', () => {
  const done: Rows = {
    'W-01': { status: 'done', says: 'x', where: 'y', proof: 'gateway/a.test.ts > the reader > refuses' },
  }
  const run = (...found: string[]): Report => ({
    testResults: [
      {
        name: '/r/gateway/a.test.ts',
        assertionResults: found.map(status => ({ ancestorTitles: ['the reader'], title: 'refuses', status })),
      },
    ],
  })

  test('believes a test that ran and passed', () => expect(unresolved(done, run('passed'), '/r')).toEqual([]))

  test.each([
    ['did not run', run(), 'W-01: no such test ran: gateway/a.test.ts > the reader > refuses'],
    ['failed', run('failed'), 'W-01: failed: gateway/a.test.ts > the reader > refuses'],
    ['was skipped', run('skipped'), 'W-01: skipped: gateway/a.test.ts > the reader > refuses'],
    [
      'has a namesake that failed',
      run('passed', 'failed'),
      'W-01: passed, failed: gateway/a.test.ts > the reader > refuses',
    ],
  ])('does not believe a test that %s', (_, report, problem) =>
    expect(unresolved(done, report, '/r')).toEqual([problem]),
  )
})
