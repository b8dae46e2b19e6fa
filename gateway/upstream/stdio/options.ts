import type { ChildProcessWithoutNullStreams, SpawnOptionsWithoutStdio } from 'node:child_process'
import type { Log } from '../../options.ts'
import type { Clock } from './clock.ts'

export type Spawn = (
  command: string,
  args: readonly string[],
  options: SpawnOptionsWithoutStdio,
) => ChildProcessWithoutNullStreams

/** Bounds of one stdio server. Bytes are bytes, times are milliseconds. */
export type StdioLimits = {
  /** The longest line that is read from a child; longer ones are dropped and counted. */
  readonly maxLineBytes: number
  /** JSON values and depth of one message, as the pipeline allows them: beyond, a message is as good as unreadable. */
  readonly maxValues: number
  readonly maxDepth: number
  readonly maxProcesses: number
  readonly maxProcessesPerPrincipal: number
  /** Requests that one process may have in flight, those included whose client went away. */
  readonly maxPending: number
  /** Bytes that may wait for a child that does not read its input. */
  readonly maxUnread: number
  /** Bytes kept for a session whose server stream is not open; the oldest messages go first. */
  readonly maxBuffered: number
  /** Bytes that a slow client may leave unread before the child's output is no longer read. */
  readonly maxBacklog: number
  /** A process without traffic and without an open stream ends after this time. */
  readonly idleAfter: number
  /** A principal who may have no more processes gets one if a session of their own was quiet for this time: that one ends. */
  readonly givesWayAfter: number
  /** Silence after `server/discover` that counts as a legacy child. */
  readonly probeTimeout: number
  /** How long a child may take to leave after its input was closed, and again after SIGTERM. */
  readonly stopGrace: number
}

export const defaultLimits: StdioLimits = {
  maxLineBytes: 4 * 1024 * 1024,
  maxValues: 50_000,
  maxDepth: 64,
  maxProcesses: 64,
  maxProcessesPerPrincipal: 16,
  maxPending: 256,
  maxUnread: 8 * 1024 * 1024,
  maxBuffered: 256 * 1024,
  maxBacklog: 1024 * 1024,
  idleAfter: 30 * 60_000,
  givesWayAfter: 60_000,
  probeTimeout: 5_000,
  stopGrace: 2_000,
}

/** What a stdio server needs from outside. Values of `env` are already resolved and are treated as secrets. */
export type StdioOptions = {
  /** The name of the server, for the log. */
  readonly name: string
  /** Program and first arguments. */
  readonly command: readonly string[]
  readonly args: readonly string[]
  /** The whole environment of a child, but for PATH and HOME. */
  readonly env: Readonly<Record<string, string>>
  /** PATH of the children. */
  readonly path: string
  /** Where the HOME folders of the children are made. */
  readonly tempRoot: string
  readonly cwd?: string
  readonly spawn?: Spawn
  /** Session ids: unguessable, visible ASCII. */
  readonly randomId: () => string
  readonly clock: Clock
  readonly log: Log
  readonly limits: StdioLimits
}
