import { readdirSync, statSync, watch, type FSWatcher } from 'node:fs'
import { dirname, join } from 'node:path'

/** Milliseconds without a change before it counts: an editor writes in several steps. */
const quiet = 80
/** Milliseconds between two looks when the system does not tell of changes (network file systems, mounted ConfigMaps). */
const interval = 500

/** Changes with every change of a file or of a folder's list; `mtime` alone can be set back, `ctime` cannot. */
function signatureOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (!stat) return `${path} -`
  const own = `${path} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
  if (!stat.isDirectory()) return own
  const names = readdirSync(path).filter(name => !name.startsWith('.'))
  const entries = names.map(name => statSync(join(path, name), { bigint: true, throwIfNoEntry: false }))
  return [
    own,
    ...entries.map((entry, at) => `${names[at]} ${entry?.ino} ${entry?.size} ${entry?.mtimeNs} ${entry?.ctimeNs}`),
  ].join('\n')
}

function signature(paths: readonly string[]): string {
  return paths
    .map(path => {
      try {
        return signatureOf(path)
      } catch (error) {
        return `${path} ${(error as NodeJS.ErrnoException).code}`
      }
    })
    .join('\n')
}

/** Folders whose events tell of a change: of a file its folder, since editors replace files. */
const folders = (paths: readonly string[]): string[] => [
  ...new Set(paths.map(path => (statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : dirname(path)))),
]

function listen(folder: string, heard: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, heard)
    // No watches left, or the folder is gone: looking every now and then is enough.
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}

/**
 * Calls back when a file or folder has changed and then rested for a moment. The system tells of most changes at once; looking twice a second
 * finds the others.
 * @returns ends the watch
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  let known = signature(paths)
  let pending: string | undefined
  let soon: NodeJS.Timeout | undefined

  function look(): void {
    clearTimeout(soon)
    soon = undefined
    const now = signature(paths)
    if (now === known) {
      pending = undefined
    } else if (now === pending) {
      known = now
      pending = undefined
      changed()
    } else {
      pending = now
      soon = setTimeout(look, quiet)
    }
  }

  const heard = (): void => {
    soon ??= setTimeout(look, quiet / 2)
  }
  const watchers = folders(paths).map(folder => listen(folder, heard))
  const clock = setInterval(() => soon ?? look(), interval)
  clock.unref()
  return () => {
    clearTimeout(soon)
    clearInterval(clock)
    for (const watcher of watchers) watcher?.close()
  }
}

/**
 * Watches from before the first look at the files, so that no change falls between looking and watching.
 * @returns `act` sets who hears of changes, and tells at once of one that came before
 */
export function watchEarly(paths: readonly string[]): { act(changed: () => void): void; end(): void } {
  let missed = false
  let tell = (): void => void (missed = true)
  const end = watchFiles(paths, () => tell())
  return {
    act(changed) {
      tell = changed
      if (missed) changed()
    },
    end,
  }
}
