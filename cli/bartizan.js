#!/usr/bin/env node
// Started by any Node from 20 on. The program itself is TypeScript that Node 24 runs as it is: an older one hands over to the Node 24 of the
// npm package `node`, which is a dependency.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./bartizan.ts', import.meta.url))

if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import('./bartizan.ts')
} else {
  let node
  try {
    node = createRequire(import.meta.url).resolve('node/bin/node')
  } catch {
    process.stderr.write(
      `bartizan: needs Node 24 and this is ${process.version}: run "npm ci" first, or install Node 24\n`,
    )
    process.exit(1)
  }
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', error => {
    process.stderr.write(`bartizan: Node 24 does not start: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGKILL' ? 137 : 1)))
}
