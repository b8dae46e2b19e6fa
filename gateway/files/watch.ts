import { watch, type FSWatcher } from 'node:fs'
import type { Log } from '../options.ts'

/** Writes come in bursts, and the kubelet swaps a symlink; a moment later everything is in place. Milliseconds. */
const debounce = 30
/** Notifications get lost on some file systems, so the files are read again anyway. */
const pollInterval = 15_000

/** Folders that are watched; which ones may change. */
class FolderWatchers {
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #changed: () => void
  readonly #log: Log

  constructor(changed: () => void, log: Log) {
    this.#changed = changed
    this.#log = log
  }

  keep(folders: readonly string[]): void {
    for (const [folder, watcher] of this.#watchers) {
      if (folders.includes(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#add(folder)
  }

  #add(folder: string): void {
    const failed = (error: Error): void => {
      this.#log.error('a folder cannot be watched, it is read every 15 s', { folder, error: error.message })
      this.#watchers.get(folder)?.close()
      this.#watchers.delete(folder)
    }
    try {
      this.#watchers.set(folder, watch(folder, this.#changed).on('error', failed))
    } catch (error) {
      failed(error as Error)
    }
  }
}

/**
 * Looks again whenever one of the folders changes, and every 15 s. A look that throws changes nothing and is tried again.
 *
 * @param folders asked after each look: a new configuration may name a certificate elsewhere
 * @returns ends it
 */
export function watchFolders(folders: () => readonly string[], look: () => void, log: Log): () => void {
  let timer: NodeJS.Timeout | undefined
  const watched = new FolderWatchers(() => void (timer ??= setTimeout(now, debounce)), log)
  const now = (): void => {
    timer = undefined
    try {
      look()
    } catch (error) {
      log.error('configuration could not be read', { error: (error as Error).message })
    }
    watched.keep(folders())
  }
  watched.keep(folders())
  const poll = setInterval(now, pollInterval).unref()
  return () => {
    watched.keep([])
    clearInterval(poll)
    clearTimeout(timer)
  }
}
