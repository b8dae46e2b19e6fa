// A stdio MCP server that tells its environment: the names, and a digest of the value that was asked for.
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'

type Request = { id?: unknown; method: string; params?: { arguments?: { name?: string } } }

function answer({ method, params }: Request): object | undefined {
  switch (method) {
    case 'initialize':
      return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'environment', version: '1' } }
    case 'tools/list':
      return { tools: [{ name: 'digest', inputSchema: { type: 'object' } }] }
    case 'tools/call': {
      const value = process.env[params?.arguments?.name ?? ''] ?? ''
      const names = Object.keys(process.env).sort().join(' ')
      return { content: [{ type: 'text', text: `${createHash('sha256').update(value).digest('hex')} ${names}` }] }
    }
    default:
      return undefined
  }
}

createInterface({ input: process.stdin }).on('line', line => {
  const request = JSON.parse(line) as Request
  if (request.id === undefined) return
  const result = answer(request)
  const outcome = result ? { result } : { error: { code: -32601, message: 'unknown' } }
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, ...outcome })}\n`)
})
