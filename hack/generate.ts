import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errorsDoc } from './errors-doc.ts'
import { proveAll } from './fields/all.ts'
import { fieldsDocument } from './fields/document.ts'
import { generatedFiles } from './generate/files.ts'

const root = join(import.meta.dirname, '..')

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
  console.log(file)
}

for (const [file, text] of generatedFiles()) write(file, text)
write('docs/errors.md', errorsDoc())
// Last, because it runs gateways: what the schemas give is there even when a field turns out to be dead.
write('docs/fields.md', fieldsDocument(await proveAll()))
