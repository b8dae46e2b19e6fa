import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

/** The official SDK client, told nothing but the address and the key. */
export async function connect(url: string, server: string, key: string): Promise<Client> {
  const client = new Client({ name: 'bartizan-demo', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp/${server}`), {
    requestInit: { headers: { 'X-API-Key': key } },
  })
  await client.connect(transport)
  return client
}

/** The text of a tool's result. */
export async function call(client: Client, name: string, args: Record<string, unknown>): Promise<string> {
  const { content } = await client.callTool({ name, arguments: args })
  return content.map(block => (block.type === 'text' ? block.text : '')).join('')
}

/**
 * The message of the error with which something was refused.
 * @throws when it was not refused
 */
export async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was let through')
}
