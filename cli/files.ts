import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint } from './complaint.ts'

/** A file as it was read, or why it could not be. */
export type Source =
  { readonly file: string; readonly text: string } | { readonly file: string; readonly unreadable: string }

const manifest = /^[^.].*\.(ya?ml|json)$/

/** The manifests that a path means: the file itself, or the *.yaml, *.yml and *.json directly in a folder, in order of name. */
function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter(name => manifest.test(name))
    .sort()
    .map(name => join(path, name))
    .filter(file => statSync(file, { throwIfNoEntry: false })?.isFile())
}

function contents(file: string): Source[] {
  try {
    return [{ file, text: readFileSync(file, 'utf8') }]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? [] : [{ file, unreadable: `cannot be read (${code})` }]
  }
}

/**
 * Reads all manifests under the paths.
 * @param wanted `whatever is there` takes a path that is gone for an empty one: at a reload, a deleted file means that its objects are deleted
 * @throws Complaint when a path does not exist or holds no manifest
 */
export function readSources(
  paths: readonly string[],
  wanted: 'something' | 'whatever is there' = 'something',
): Source[] {
  const files = paths.flatMap(path => {
    let found: string[]
    try {
      found = filesOf(path)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' && wanted === 'whatever is there') return []
      throw new Complaint(code === 'ENOENT' ? `${path}: no such file or folder` : `${path}: cannot be read (${code})`)
    }
    if (found.length === 0 && wanted === 'something')
      throw new Complaint(`${path}: no *.yaml, *.yml or *.json in this folder`)
    return found
  })
  return [...new Set(files)].flatMap(contents)
}
