// node load.mjs URL SECONDS RATE: until /tmp/over is there, and no longer than SECONDS, calls without any retry, in both eras, and long streams beside them. Key in BARTIZAN_KEY. Prints one line of JSON.
import { existsSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { session, type Sessions } from './legacy.ts'
import { call, listen } from './modern.ts'
import { streams, tally } from './tally.ts'

const [url = '', seconds = '30', rate = '20'] = process.argv.slice(2)
const target = { url, key: process.env['BARTIZAN_KEY'] ?? '' }
const run = `${process.pid}-${Date.now().toString(36)}`

const report = {
  /** Part of the ids of all calls of this run. */
  run,
  quick: tally(),
  slow: tally(),
  legacy: tally(),
  listen: streams(),
  get: streams(),
  sessions: { notFound: 0, initialized: 0, refused: [] } as Sessions,
}
const over = new AbortController()
const pending: Promise<void>[] = []
const background = [
  listen(target, report.listen, over.signal),
  ...Array.from({ length: 4 }, () =>
    session(target, { calls: report.legacy, stream: report.get, sessions: report.sessions }, over.signal),
  ),
]

const told = '/tmp/over'
rmSync(told, { force: true })
process.stdout.write('started\n')
const began = performance.now()
for (let number = 0; !existsSync(told) && performance.now() - began < Number(seconds) * 1000; number++) {
  pending.push(call(target, report.quick, `quick-${run}-${number}`, 0.5))
  // A long call every two seconds, so that ten of them are always in flight.
  if (number % (2 * Number(rate)) === 0) pending.push(call(target, report.slow, `slow-${run}-${number}`, 20))
  await sleep(began + ((number + 1) * 1000) / Number(rate) - performance.now())
}
await Promise.all(pending)
over.abort()
await Promise.all(background)
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit(0)
