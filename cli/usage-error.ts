/** Something that the user can correct. `exit` is 2 when the command line is wrong and 1 when what it names is. */
export class UsageError extends Error {
  readonly exit: 1 | 2

  constructor(message: string, exit: 1 | 2 = 1) {
    super(message)
    this.name = 'UsageError'
    this.exit = exit
  }
}
