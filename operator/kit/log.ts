export type Logger = {
  info(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
  error(event: string, fields?: Record<string, unknown>): void
}

export const silent: Logger = { info() {}, warn() {}, error() {} }

/** What may be logged of an error: never a stack's worth. */
export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
