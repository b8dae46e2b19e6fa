import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** Texts by path from the root of the repository. */
export type SourceTexts = ReadonlyMap<string, string>

const root = join(import.meta.dirname, '../..')

/** The sources that match a pattern. Tests and what they only read are not among them. */
export function sourcesOf(pattern: string): SourceTexts {
  const files = globSync(pattern, { cwd: root }).map(file => file.replaceAll('\\', '/'))
  return new Map(
    files
      .filter(file => !/\.test\.ts$|\/testdata\//.test(file))
      .toSorted()
      .map(file => [file, readFileSync(join(root, file), 'utf8')]),
  )
}

const statement = /^(?:import|export)\b[^'"`]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm

/** What a source imports, types included: paths from the root of the repository, names of packages, or `node:`. */
export function imported(file: string, text: string): string[] {
  return [...text.matchAll(statement)].map(match => {
    const from = match[1] ?? match[2] ?? match[3]!
    if (from.startsWith('.')) return posix.join(posix.dirname(file), from)
    if (from.startsWith('node:')) return 'node:'
    return from
      .split('/')
      .slice(0, from.startsWith('@') ? 2 : 1)
      .join('/')
  })
}
