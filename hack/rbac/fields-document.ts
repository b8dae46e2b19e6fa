// node hack/rbac/fields-document.ts: writes the second part of docs/rbac.md, and leaves the first, which takes an hour to measure.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../manifests/files.ts'
import { withFields } from './document.ts'

const file = join(root, 'docs/rbac.md')
writeFileSync(file, withFields(readFileSync(file, 'utf8')))
