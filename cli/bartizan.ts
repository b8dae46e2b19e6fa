import { randomBytes } from 'node:crypto'
import { main } from './main.ts'

// A guard goes on when nobody reads any more what it prints.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const code = await main(process.argv.slice(2), {
  env: process.env,
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  now: Date.now,
  random: randomBytes,
})
// What failed half-way may still hold a listener: the process ends all the same.
process.exit(code)
