import type { Book } from './plan-store.ts'
import type { Entry } from './server-state.ts'

/** What the lanes of work that plan a namespace have in common. */
export type Level = {
  readonly book: Book
  /** The gateways of a server have to take up something. */
  readonly watch: (entry: Entry) => void
}
