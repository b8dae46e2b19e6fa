import { join } from 'node:path'
import { acceptedCredentials, textFor } from '../gateway/auth/accepted.ts'
import { apiKey } from '../gateway/auth/keys.ts'
import { errors, type ErrorRow } from '../gateway/errors.ts'

export const errorsFile = join(import.meta.dirname, '..', 'docs', 'errors.md')

const head = `# Error codes

Generated from \`gateway/errors.ts\` by \`npm run generate\`; do not edit.

Every refusal is one of these. A program reads \`code\` (the JSON-RPC error code) or \`data.reason\` (the name); a person reads the text. \`data.decision\`
is the id under which the audit log has the reason: \`bartizan audit show DECISION\`. In an answer that is already streaming there is no HTTP status
left to choose; the error object alone tells.

Codes of Bartizan's own lie outside -32768 to -32000, the range that JSON-RPC reserves; inside it stand only the codes for situations that JSON-RPC
or the MCP specification name themselves.

`

/** A Markdown table with columns padded as the formatter pads them. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(3, ...rows.map(row => row[at]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
  return [line(rows[0]!), line(widths.map(width => '-'.repeat(width))), ...rows.slice(1).map(line)].join('\n')
}

/** The texts as they read where API keys are what clients show. */
const accepted = acceptedCredentials([apiKey])

/** The text of docs/errors.md: a row for each code, in the order of the table. */
export function errorsDoc(codes: Readonly<Record<string, ErrorRow>> = errors): string {
  const rows = Object.entries(codes).map(([code, { http, rpc, text, publicCode }]) => [
    `\`${code}\``,
    String(http),
    String(rpc),
    `${textFor(text, accepted).replaceAll('|', '\\|')}${publicCode === undefined ? '' : ` (Only in audit and log: the caller is told \`${publicCode}\`.)`}`,
  ])
  return `${head}${table([['name', 'HTTP', 'JSON-RPC', 'what the caller is told'], ...rows])}\n`
}
