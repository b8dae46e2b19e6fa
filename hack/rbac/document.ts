import type { Grant } from './grants.ts'

/** A verb of the operator's roles, and the test that fails without it. */
export type Row = Grant & { readonly fails: string | undefined }

const head = `# What the operator may do

Every verb on every resource that [config/rbac](../config/rbac) grants the operator, and the first test that fails when this one is taken away and all others
stay. Written by \`node hack/rbac/necessity.ts\`; what the operator cannot do with its token is tried in [config/rbac.test.ts](../config/rbac.test.ts).

| role | resource | verb | without it fails |
| --- | --- | --- | --- |
`

/** The table of docs/rbac.md. */
export const document = (rows: readonly Row[]): string =>
  head +
  rows.map(row => `| ${row.role} | \`${row.resource}\` | ${row.verb} | ${row.fails ?? '**nothing**'} |\n`).join('')
