import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** The text of a file by its path from the root; undefined when there is none. */
export type Read = (file: string) => string | undefined

/** A line of a comment that begins with `@slow` and says what takes the time. */
const mark = /^ *(?:\/\*\*|\*|\/\/) @slow \S/m

/** Imports of values from another file. An import of types alone runs nothing. */
const statement =
  /^(?:import|export)\b(?! type\b)[^'"`]*?\bfrom\s+'(\.[^']+)'|^import\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)/gm

const imported = (file: string, text: string): string[] =>
  [...text.matchAll(statement)].map(match => posix.join(posix.dirname(file), match[1] ?? match[2] ?? match[3]!))

/**
 * The test files that are slow: those that carry the mark, or import a file that carries it, however many files lie between. What is slow by its
 * nature (a real API server) is so marked once, where it stands, and no list of tests has to follow when files are added or move.
 */
export function slowAmong(tests: readonly string[], read: Read): string[] {
  const texts = new Map<string, string>()
  const textOf = (file: string): string => {
    const known = texts.get(file) ?? read(file) ?? ''
    texts.set(file, known)
    return known
  }
  return tests.filter(test => {
    const reached = new Set([test])
    for (const file of reached) for (const next of imported(file, textOf(file))) reached.add(next)
    return [...reached].some(file => mark.test(textOf(file)))
  })
}

const root = join(import.meta.dirname, '..')

/** Every test file of this repository, with `/` between folders. */
export const testFiles = (): string[] =>
  globSync('{gateway,operator,crds,cli,config,console,hack,e2e}/**/*.test.ts', { cwd: root })
    .map(file => file.replaceAll('\\', '/'))
    .toSorted()

export const slowTests = (): string[] =>
  slowAmong(testFiles(), file => {
    const path = join(root, file)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  })
