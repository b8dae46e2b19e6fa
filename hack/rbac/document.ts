import { fields, triesOfField, type Field } from './fields/index.ts'
import type { Grant } from '../manifests/grants.ts'

/** A verb of the operator's roles, and the test that fails without it. */
export type Row = Grant & { readonly fails: string | undefined }

const head = `# What the operator may do

Every verb on every resource that [config/rbac](../config/rbac) grants the operator, and the first test that fails when this one is taken away and all others
stay. Written by \`node hack/rbac/necessity.ts\`; what the operator cannot do with its token is tried in [config/rbac.test.ts](../config/rbac.test.ts).

| role | resource | verb | without it fails |
| --- | --- | --- | --- |
`

const title = '\n## What it may write, field by field\n'

const about = `
RBAC knows verbs and kinds. What may stand in an object is said by the policies \`operator*.yaml\` of [config/admission](../config/admission), and tried with the
operator's token, one change at a time, by the rows of [hack/rbac/forbidden.ts](../hack/rbac/forbidden.ts), from which this table is written
(\`npm run generate\`). What others have put into an object may stay as it is.

| object | field | allowed | tried in vain |
| --- | --- | --- | --- |
`

/** At most so many are quoted of a field; all are tried. */
const quoted = 4

function tried(field: Field): string {
  const whats = [...triesOfField(field).map(({ what }) => what), ...(field.tried ?? [])]
  const more = whats.length > quoted ? `; ${whats.length - quoted} more` : ''
  return `${whats.slice(0, quoted).join('; ')}${more}`.replaceAll('|', '\\|')
}

/** The second part of docs/rbac.md. */
export const fieldsPart = (): string =>
  title +
  about +
  fields.map(field => `| ${field.object} | ${field.field} | ${field.allowed} | ${tried(field)} |\n`).join('')

/** The first part: what was measured. */
const grantsPart = (rows: readonly Row[]): string =>
  head +
  rows.map(row => `| ${row.role} | \`${row.resource}\` | ${row.verb} | ${row.fails ?? '**nothing**'} |\n`).join('')

/** The page with its second part written anew. */
export const withFields = (page: string): string => page.split(title)[0] + fieldsPart()

/** docs/rbac.md. */
export const document = (rows: readonly Row[]): string => grantsPart(rows) + fieldsPart()
