// An MCP server over stdio that answers every request with what it was started with. Plain JavaScript, so that it starts at once.
import { createInterface } from 'node:readline'

const own = Object.entries(process.env).filter(
  ([name]) => !/^(PATH|HOME|TMPDIR|TMP|TEMP|PWD|NODE_.*|LANG|LC_.*|__.*)$/.test(name),
)
const text = JSON.stringify({ args: process.argv.slice(2), env: Object.fromEntries(own) })

const discovered = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method } = JSON.parse(line)
  if (id === undefined) continue
  const result =
    method === 'server/discover'
      ? discovered
      : method === 'tools/list'
        ? { tools: [] }
        : { content: [{ type: 'text', text }] }
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`)
}
