import type { ServerResponse } from 'node:http'

/** How long a client may take to read the end of a stream. Milliseconds. */
const lastWords = 60_000

/** Ends a stream; a client that does not read its end does not keep the connection. */
export function endWithTimeout(res: ServerResponse): void {
  const timer = setTimeout(() => res.destroy(), lastWords).unref()
  res.once('close', () => clearTimeout(timer))
  res.end()
}
