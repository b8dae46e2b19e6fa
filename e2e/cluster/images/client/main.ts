// node client.mjs URL [TOOL JSON]: an SDK client inside the cluster. The key comes from BARTIZAN_KEY. Prints one line of JSON.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

const [url = '', tool, text = '{}'] = process.argv.slice(2)
const mode = process.env['MODE'] === 'legacy' ? 'legacy' : 'auto'
const client = new Client({ name: 'bartizan-e2e', version: '1.0.0' }, { versionNegotiation: { mode } })
const requestInit = { headers: { 'X-API-Key': process.env['BARTIZAN_KEY'] ?? '' } }

try {
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }))
  const { tools } = await client.listTools()
  const result =
    tool === undefined
      ? {}
      : { result: await client.callTool({ name: tool, arguments: JSON.parse(text) as Record<string, unknown> }) }
  process.stdout.write(`${JSON.stringify({ tools: tools.map(({ name }) => name), ...result })}\n`)
  await client.close()
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: error instanceof Error ? error.message : String(error) })}\n`)
  process.exitCode = 1
}
