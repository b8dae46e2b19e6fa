import { readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { Rotation } from '../config/rotation.ts'

const parts = (path: string) => {
  const extension = extname(path)
  return { folder: dirname(path), stem: basename(path, extension), extension }
}

const digits = /[-:.]/g

/** `audit-20261128T140553123Z.jsonl`: names that sort as they were made. */
const nameAt = ({ stem, extension }: ReturnType<typeof parts>, time: number): string =>
  `${stem}-${new Date(time).toISOString().replaceAll(digits, '')}${extension}`

/** Names of the files that were rotated away, the oldest first; none where there is no such folder. */
async function names(path: string): Promise<string[]> {
  const { folder, stem, extension } = parts(path)
  const all = await readdir(folder).catch(() => [])
  const isRotated = (name: string): boolean =>
    name.startsWith(`${stem}-`) &&
    name.endsWith(extension) &&
    /^\d{8}T\d{9}Z$/.test(name.slice(stem.length + 1, name.length - extension.length))
  return all.filter(isRotated).toSorted()
}

/** The files that were rotated away, the oldest first. */
export const rotatedFiles = async (path: string): Promise<string[]> =>
  (await names(path)).map(name => join(dirname(path), name))

/** Gives the file its name among those that were rotated away: later than all of them, whatever the clock says. */
export async function rotateAway(path: string, now: number): Promise<void> {
  const last = (await names(path)).at(-1)
  const made = parts(path)
  const time = last === undefined ? now : Math.max(now, timeOf(last, made) + 1)
  await rename(path, join(made.folder, nameAt(made, time)))
}

const timeOf = (name: string, { stem }: ReturnType<typeof parts>): number =>
  Date.parse(
    name.slice(stem.length + 1).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z.*/, '$1-$2-$3T$4:$5:$6.$7Z'),
  )

/** Removes the oldest files until what is left, and a whole file that is written, is within the bounds. */
export async function prune(path: string, { maxBytes, keepBytes, keepFiles }: Rotation): Promise<void> {
  const files = (await rotatedFiles(path)).toReversed()
  let bytes = maxBytes
  for (const [at, file] of files.entries()) {
    bytes += (await stat(file)).size
    if (bytes > keepBytes || at + 1 >= keepFiles) await rm(file)
  }
}
