import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

/** One block of CONTRIBUTING.md: a whole new file, or lines that change an existing one. */
export type Block = { readonly file: string; readonly kind: 'ts' | 'yaml' | 'diff'; readonly text: string }

/** How something is added: the blocks of one section of CONTRIBUTING.md. */
export type Recipe = { readonly title: string; readonly blocks: readonly Block[] }

const blocksIn = (section: string): Block[] =>
  [...section.matchAll(/^```(ts|yaml|diff) file=(\S+)\n([\s\S]*?)^```$/gm)].map(match => ({
    kind: match[1] as Block['kind'],
    file: match[2]!,
    text: match[3]!,
  }))

/** The sections of "Adding things", in their order. */
export function recipesIn(document: string): Recipe[] {
  const chapter = document.split('\n## Adding things\n')[1]?.split('\n## ')[0] ?? ''
  return chapter
    .split('\n### ')
    .slice(1)
    .map(section => ({ title: section.slice(0, section.indexOf('\n')), blocks: blocksIn(section) }))
}

export const recipes: readonly Recipe[] = recipesIn(readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8'))

export const filesOf = ({ blocks }: Recipe): string[] => [...new Set(blocks.map(({ file }) => file))]

/** The places of a recipe. What stands beside its source (a test, the cases of a detector) counts with it. */
export function placesOf(recipe: Recipe): string[] {
  const files = filesOf(recipe)
  return files.filter(file => {
    const source = file.replace(/\.(?:cases\.yaml|test\.ts)$/, '.ts')
    return source === file || !files.includes(source)
  })
}

/**
 * A file with a block applied. In a diff, lines that begin with a space or a minus must be there, once; a space keeps a line, a minus takes it away,
 * a plus adds one.
 */
export function applied(source: string | undefined, { file, kind, text }: Block): string {
  if (kind !== 'diff') return text
  const lines = text.trimEnd().split('\n')
  const textOf = (marks: string): string =>
    lines
      .filter(line => marks.includes(line.charAt(0)))
      .map(line => `${line.slice(1)}\n`)
      .join('')
  const parts = (source ?? '').split(textOf(' -'))
  if (parts.length !== 2) throw new Error(`${file}: these lines occur ${parts.length - 1} times:\n${textOf(' -')}`)
  return parts.join(textOf(' +'))
}
