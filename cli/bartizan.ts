import { randomBytes } from 'node:crypto'
import { main } from './main.ts'

// A guard continues when its output is no longer read.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

/** What may wait for the reader of standard error. Node would keep all of it in memory for a reader who has stopped. Bytes. */
const maxUnread = 1024 * 1024
let dropped = 0

function say(text: string): void {
  if (process.stderr.writableLength > maxUnread) {
    dropped += 1
    return
  }
  if (dropped > 0) process.stderr.write(`(${dropped} lines were not read in time and are dropped)\n`)
  dropped = 0
  process.stderr.write(text)
}

const code = await main(process.argv.slice(2), {
  env: process.env,
  out: text => void process.stdout.write(text),
  err: say,
  now: Date.now,
  random: randomBytes,
})
// What failed half-way may still hold a listener: the process ends all the same.
process.exit(code)
