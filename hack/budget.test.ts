import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const lines = (file: string): number => readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length

const files = globSync('{gateway,operator,mcp-client,crds,cli,config,console,hack,e2e}/**/*.ts', { cwd: root })
  .map(file => ({ file, lines: lines(file) }))
  .toSorted((a, b) => b.lines - a.lines)
const sources = files.filter(({ file }) => !file.endsWith('.test.ts'))

/** The value that the given share of the files does not exceed. */
const quantile = (share: number): number => sources.toReversed()[Math.ceil(sources.length * share) - 1]!.lines

describe('the size of files', () => {
  test('never exceeds 400 lines', () => {
    const longest = files.slice(0, 10).map(({ file, lines }) => `${String(lines).padStart(5)} ${file}`)
    console.log(`the ten longest files:\n${longest.join('\n')}`)
    expect(files.filter(({ lines }) => lines > 400)).toEqual([])
  })

  test('is at most 100 lines in the median and 250 for nine of ten, tests not counted', () => {
    console.log(`${sources.length} files, median ${quantile(0.5)}, p90 ${quantile(0.9)} lines`)
    expect(quantile(0.5)).toBeLessThanOrEqual(100)
    expect(quantile(0.9)).toBeLessThanOrEqual(250)
  })

  test('is not kept down by drawers into which anything may be thrown', () => {
    const junk = /(?:^|\/)(?:utils?|helpers?|common|misc)(?:\/|\.ts$)/
    expect(files.filter(({ file }) => junk.test(file))).toEqual([])
  })
})

describe('nothing is left for later', () => {
  const forbidden =
    /\b(?:TODO|FIXME|XXX)\b|@ts-(?:ignore|nocheck|expect-error)|(?:eslint|oxlint)-disable|\b(?:test|it|describe)\.(?:skip|only|todo)\b/

  test('no file silences a check, skips a test or carries a reminder', () => {
    const self = 'hack/budget.test.ts'
    const found = files
      .filter(({ file }) => file !== self)
      .flatMap(({ file }) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .flatMap((line, at) => (forbidden.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
      )
    expect(found).toEqual([])
  })
})
