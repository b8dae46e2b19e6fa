/** When a file makes way for a new one, and how many are kept: the oldest go first. */
export type Rotation = {
  readonly maxBytes: number
  /** Milliseconds since the file was made. */
  readonly maxAge: number
  /** Bytes and files altogether, the one that is written included. */
  readonly keepBytes: number
  readonly keepFiles: number
}

const mebibyte = 1024 * 1024
const day = 24 * 60 * 60 * 1000

/** The audit log of `bartizan run`. */
export const standaloneRotation: Rotation = {
  maxBytes: 16 * mebibyte,
  maxAge: day,
  keepBytes: 256 * mebibyte,
  keepFiles: 400,
}

/** `MCPGateway.spec.audit.output: File`; the volume is more than twice as large, so that no pod is evicted for its audit log. */
export const podRotation: Rotation = {
  maxBytes: 10 * mebibyte,
  maxAge: day,
  keepBytes: 100 * mebibyte,
  keepFiles: 100,
}

/** Limit of the volume in which they are. */
export const podAuditVolume = '256Mi'

/** And where: the file that is written, and beside it those that were rotated away. */
export const podAuditFile = '/var/log/bartizan/audit.jsonl'
