import { parseDocument } from 'yaml'
import { z } from 'zod'

/** `file > describe > … > test`, as vitest prints it. */
const proof = z.string().regex(/^\S+\.test\.ts > .+/, 'must be "file > full test name"')

const shared = {
  says: z.string().min(1).max(120),
  where: z.string().min(1).max(120),
  /** The letters of the acceptance criteria inside the row, `abcd`. */
  criteria: z
    .string()
    .regex(/^a[b-z]*$/)
    .optional(),
}

const row = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('open'), ...shared }),
  z.strictObject({
    status: z.literal('done'),
    ...shared,
    proof: z.union([proof, z.record(z.string().regex(/^[a-z]$/), proof)]),
  }),
  z.strictObject({
    status: z.literal('decided-otherwise'),
    ...shared,
    decision: z.string().regex(/^docs\/decisions\/[0-9]{4}-[a-z0-9-]+\.md$/),
  }),
])

const file = z.strictObject({ rows: z.record(z.string().regex(/^([WASD]-[0-9]{2}|P-[0-9](\.[0-9])?)$/), row) })

export type Row = z.infer<typeof row>
export type Rows = Readonly<Record<string, Row>>

/** One test that proves more rows than this proves none of them well. */
export const rowsPerTest = 8

/** Reads docs/coverage.yaml; an id that stands there twice is an error of the YAML itself. Throws with every problem. */
export function parseRows(text: string): Rows {
  const document = parseDocument(text, { uniqueKeys: true })
  if (document.errors.length > 0) throw new Error(document.errors.map(error => error.message).join('\n'))
  const parsed = file.safeParse(document.toJS())
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error))
  return parsed.data.rows
}

/** Each proof with the row (and criterion) that it is for. */
export function proofs(rows: Rows): { readonly id: string; readonly proof: string }[] {
  return Object.entries(rows).flatMap(([id, row]) => {
    if (row.status !== 'done') return []
    if (typeof row.proof === 'string') return [{ id, proof: row.proof }]
    return Object.entries(row.proof).map(([letter, proof]) => ({ id: `${id}(${letter})`, proof }))
  })
}

/** What the rows say that cannot be right, whatever the tests do: missing criteria, tests that prove too much. */
export function contradictions(rows: Rows): string[] {
  const letters = Object.entries(rows).flatMap(([id, row]) => {
    if (row.status !== 'done') return []
    const named = typeof row.proof === 'string' ? undefined : Object.keys(row.proof).toSorted().join('')
    return named === row.criteria
      ? []
      : [`${id}: criteria ${row.criteria ?? 'none'}, proofs ${named ?? 'of the whole'}`]
  })
  const byTest = Map.groupBy(proofs(rows), each => each.proof)
  const broad = [...byTest].flatMap(([proof, uses]) => {
    const ids = new Set(uses.map(use => use.id.replace(/\(.\)$/, '')))
    return ids.size > rowsPerTest ? [`"${proof}" proves ${ids.size} rows, at most ${rowsPerTest} are believed`] : []
  })
  return [...letters, ...broad]
}
