import { join } from 'node:path'
import { findUnused } from './unused/find.ts'

/** Names what nothing uses, and of the product what only its tests use; fails if there is any. */
const found = findUnused(join(import.meta.dirname, '..'))
for (const line of found) process.stderr.write(`${line}\n`)
if (found.length > 0) process.exitCode = 1
