/** Everything a command takes from the outside. Text is written as it is: a line brings its own newline. */
export type Io = {
  readonly env: Readonly<Record<string, string | undefined>>
  out(text: string): void
  /** Notes, problems and secrets that are shown once: never what a script would pipe on. */
  err(text: string): void
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
}

/** One subcommand. `run` resolves to the exit code: 0 done, 1 something is wrong, 2 the command line is wrong. */
export type Command = {
  readonly summary: string
  readonly usage: string
  run(args: readonly string[], io: Io): Promise<number>
}
