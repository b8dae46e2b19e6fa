import { watch } from 'node:fs'
import type { ConfigTexts, Log } from './options.ts'

/** Writes come in bursts, and the kubelet swaps a symlink; a moment later everything is in place. Milliseconds. */
const settle = 30
/** Notifications get lost on some file systems, so the files are read again anyway. */
const again = 15_000

/**
 * Reads the configuration again whenever its folder changes, and every 15 s. A file that cannot be read leaves the configuration as it is and
 * is tried again.
 */
export function watchFolder(
  folder: string,
  read: () => ConfigTexts,
  apply: (texts: ConfigTexts) => void,
  log: Log,
): () => void {
  let timer: NodeJS.Timeout | undefined
  const now = (): void => {
    timer = undefined
    try {
      apply(read())
    } catch (error) {
      log.error('configuration could not be read', { error: (error as Error).message })
    }
  }
  const watcher = watch(folder, () => void (timer ??= setTimeout(now, settle)))
  watcher.on('error', error =>
    log.error('the folder cannot be watched, it is read every 15 s', { error: error.message }),
  )
  const poll = setInterval(now, again).unref()
  return () => {
    watcher.close()
    clearInterval(poll)
    clearTimeout(timer)
  }
}
