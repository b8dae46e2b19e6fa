import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from './usage-error.ts'

/** A file as it was read, or why it could not be. A folder that was named and cannot be listed stands for all that it held. */
export type ManifestSource =
  { readonly file: string; readonly text: string } | { readonly file: string; readonly unreadable: string }

const manifest = /^[^.].*\.(ya?ml|json)$/

const stat = (file: string) => statSync(file, { throwIfNoEntry: false })
/** A link that leads nowhere is there, too. */
const isThere = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false }) !== undefined

/** The manifests that a path means: the file itself, or the *.yaml, *.yml and *.json directly in a folder, in order of name. */
function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter(name => manifest.test(name))
    .sort()
    .map(name => join(path, name))
    .filter(file => stat(file)?.isFile() ?? isThere(file))
}

const why = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' ? 'no such file or folder' : `cannot be read (${code})`
}

/** A file of a folder may be gone by the time that it is read; one that was named may not. */
function contents(file: string, named: boolean): ManifestSource[] {
  try {
    return [{ file, text: readFileSync(file, 'utf8') }]
  } catch (error) {
    return !named && !isThere(file) ? [] : [{ file, unreadable: why(error) }]
  }
}

/**
 * Reads all manifests under the paths.
 * @param wanted `what is left`, at a reload: a file that is gone from its folder means that its objects are deleted. A path that was named and
 * is gone or cannot be read is an unreadable source: a folder that is moved or mounted anew must not take its guards away
 * @throws UsageError when a path does not exist or holds no manifest, unless what is left is wanted
 */
export function readSources(
  paths: readonly string[],
  wanted: 'something' | 'what is left' = 'something',
): ManifestSource[] {
  const sources = paths.flatMap(path => {
    let found: string[]
    try {
      found = filesOf(path)
    } catch (error) {
      if (wanted === 'what is left') return [{ file: path, unreadable: why(error) }]
      throw new UsageError(`${path}: ${why(error)}`)
    }
    if (found.length === 0 && wanted === 'something')
      throw new UsageError(`${path}: no *.yaml, *.yml or *.json in this folder`)
    return found.flatMap(file => contents(file, file === path))
  })
  return [...new Map(sources.map(source => [source.file, source])).values()]
}
