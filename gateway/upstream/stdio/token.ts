import { member } from '../../mcp/spans.ts'
import { replaceSpan, splice } from '../../mcp/splice.ts'

/** The raw token of a value, as it is spelled: `7` and `"7"` differ, and so do two integers beyond 2^53. */
export function tokenAt(bytes: Buffer, path: readonly string[]): string | undefined {
  const span = member(bytes, path)
  return span === undefined ? undefined : bytes.toString('utf8', span.start, span.end)
}

export type TokenChange = { readonly path: readonly string[]; readonly token: string }

/** Puts raw tokens in the place of values that are there; every other byte stays as it is. */
export function withTokens(bytes: Buffer, changes: readonly TokenChange[]): Buffer {
  const edits = changes.flatMap(({ path, token }) => {
    const span = member(bytes, path)
    return span === undefined ? [] : [replaceSpan(span, token)]
  })
  return splice(
    bytes,
    edits.toSorted((a, b) => a.start - b.start),
  )
}
