// npm run generate: writes everything that is generated. With --check it writes nothing and names what is out of date.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { generatedFiles, observedFiles, root } from './generate/files.ts'

const { values } = parseArgs({ options: { check: { type: 'boolean' } } })

const textOf = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

function take([file, text]: readonly [string, string]): void {
  const path = join(root, file)
  if (textOf(path) === text) return
  if (values.check === true) process.exitCode = 1
  else write(path, text)
  console.log(values.check === true ? `${file} is out of date: npm run generate` : file)
}

for (const entry of generatedFiles()) take(entry)
// Last, because it runs gateways: what the sources give is there even when a field turns out to be dead.
for (const entry of await observedFiles()) take(entry)
