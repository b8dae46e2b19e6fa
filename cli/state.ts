import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join, relative } from 'node:path'
import { replaceFile } from '../gateway/files/state-file.ts'
import type { LastGood } from '../operator/translate/model/snapshot.ts'
import { UsageError } from './usage-error.ts'
import { auditFile } from './state-names.ts'

/** What `bartizan run` keeps between two starts: nothing that a manifest says to be secret. */
export type State = {
  readonly folder: string
  /** Tells this folder from others: sessions are sealed to it. */
  readonly instance: string
  readonly audit: string
  /** Path of the admin socket; undefined when the folder's path is too long for one. */
  readonly socket: string | undefined
  /** 32 bytes that belong to one server, made when first asked for. */
  guard(server: string): Buffer
  lastGood(): readonly LastGood[]
  keepLastGood(specs: readonly LastGood[]): void
  /** Lets the next process have the folder. */
  release(): void
}

const guardBytes = 32
/** A Unix socket's path has 108 bytes on Linux, 104 on macOS, with its final zero. */
const maxSocketPath = 103

const missing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

function readOrMake(file: string, make: () => Buffer, whole: (bytes: Buffer) => boolean): Buffer {
  try {
    const bytes = readFileSync(file)
    if (whole(bytes)) return bytes
    throw new UsageError(`${file}: is not what Bartizan wrote; remove it, and open sessions start again`)
  } catch (error) {
    if (!missing(error)) throw error
  }
  const bytes = make()
  replaceFile(file, bytes)
  return bytes
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** One process per folder: two would break the chain of the audit log. */
function lock(folder: string): string {
  const file = join(folder, 'lock')
  for (const last of [false, true]) {
    try {
      const handle = openSync(file, 'wx', 0o600)
      writeSync(handle, String(process.pid))
      closeSync(handle)
      return file
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || last) throw error
    }
    const pid = Number(readFileSync(file, 'utf8'))
    if (pid > 0 && pid !== process.pid && alive(pid))
      throw new UsageError(
        `${folder} is in use by process ${pid}: stop it, give --state another folder, or remove ${file} if that process is not bartizan`,
      )
    rmSync(file, { force: true })
  }
  return file
}

function readLastGood(file: string): readonly LastGood[] {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (Array.isArray(read)) return read as LastGood[]
  } catch (error) {
    if (missing(error)) return []
  }
  throw new UsageError(
    `${file}: is not what Bartizan wrote; remove it, then objects that do not compile are refused altogether`,
  )
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(join(folder, 'guard'), { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    chmodSync(join(folder, 'guard'), 0o700)
    // The folder lies beside manifests that are committed; it never is.
    writeFileSync(join(folder, '.gitignore'), '*\n')
  } catch (error) {
    throw new UsageError(`${folder}: cannot be used as state folder (${(error as NodeJS.ErrnoException).code})`)
  }
}

/**
 * Opens the state folder, makes it when it is missing, and locks it.
 * @throws UsageError when another process has it, or when its files are not ours
 */
export function openState(folder: string): State {
  makeFolder(folder)
  const lockFile = lock(folder)
  const guards = new Map<string, Buffer>()
  const short = (path: string): string => (relative('', path).length < path.length ? relative('', path) : path)
  const socket = short(join(folder, 'admin.sock'))
  if (Buffer.byteLength(socket) <= maxSocketPath) rmSync(socket, { force: true })
  const text = (bytes: Buffer): boolean => /^[0-9a-f]{32}$/.test(bytes.toString())
  const instance = readOrMake(join(folder, 'instance'), () => Buffer.from(randomBytes(16).toString('hex')), text)
  const lastGoodFile = join(folder, 'last-good.json')
  let kept = readLastGood(lastGoodFile)
  return {
    folder,
    instance: instance.toString(),
    audit: auditFile(folder),
    socket: Buffer.byteLength(socket) <= maxSocketPath ? socket : undefined,
    guard(server) {
      const known = guards.get(server)
      if (known) return known
      const file = join(folder, 'guard', server)
      const bytes = readOrMake(
        file,
        () => randomBytes(guardBytes),
        read => read.length === guardBytes,
      )
      guards.set(server, bytes)
      return bytes
    },
    lastGood: () => kept,
    keepLastGood(specs) {
      const now = JSON.stringify(specs)
      if (now === JSON.stringify(kept)) return
      kept = specs
      replaceFile(lastGoodFile, now)
    },
    release: () => rmSync(lockFile, { force: true }),
  }
}
