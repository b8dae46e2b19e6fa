import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { clients } from './clients.ts'
import { main } from './main.ts'

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const code = await main(['client-config', ...args], {
    env: {},
    out: text => (said.out += text),
    err: text => (said.err += text),
    now: () => 0,
    random: randomBytes,
  })
  return { code, ...said }
}

describe('client-config', () => {
  test.each([
    [
      'cursor',
      {
        mcpServers: {
          files: { url: 'http://127.0.0.1:8080/mcp/files', headers: { 'X-API-Key': '${env:BARTIZAN_KEY}' } },
        },
      },
    ],
    [
      'gemini',
      {
        mcpServers: {
          files: { httpUrl: 'http://127.0.0.1:8080/mcp/files', headers: { 'X-API-Key': '$BARTIZAN_KEY' } },
        },
      },
    ],
    [
      'vscode',
      {
        inputs: [{ type: 'promptString', id: 'files-key', description: 'API key for files', password: true }],
        servers: {
          files: {
            type: 'http',
            url: 'http://127.0.0.1:8080/mcp/files',
            headers: { 'X-API-Key': '${input:files-key}' },
          },
        },
      },
    ],
  ])('for %s is the file that it reads', async (client, expected) => {
    const { code, out } = await run('files', '--client', client)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual(expected)
  })

  test('for claude-code is its command, with the variable that was asked for', async () => {
    const { out } = await run(
      'files',
      '--client',
      'claude-code',
      '--url',
      'https://mcp.example.com/',
      '--key-env',
      'KEY',
    )
    expect(out).toBe(
      'claude mcp add --transport http files https://mcp.example.com/mcp/files --header "X-API-Key: $KEY"\n',
    )
  })

  test.each([
    ['http://127.0.0.1:8080', false],
    ['https://mcp.example.com', false],
    ['http://mcp.internal:8080', true],
  ])('for mcp-remote at %s asks for plain HTTP: %s', async (url, plain) => {
    const { out } = await run('files', '--client', 'mcp-remote', '--url', url)
    const { command, args } = (JSON.parse(out) as { mcpServers: { files: { command: string; args: string[] } } })
      .mcpServers.files
    expect(command).toBe('npx')
    expect(args.slice(0, 3)).toEqual(['-y', 'mcp-remote', `${url}/mcp/files`])
    expect(args.includes('--allow-http')).toBe(plain)
    expect(args).toContain('X-API-Key:${BARTIZAN_KEY}')
  })

  test.each([
    [[], 'give exactly one SERVER'],
    [['files'], `--client: name one of ${Object.keys(clients).join(', ')}`],
    [['files', '--client', 'constructor'], '--client: name one of'],
    [['Files!', '--client', 'cursor'], 'is not the name of an MCPServer'],
    [['files', '--client', 'cursor', '--url', 'mcp.example.com'], 'write an http or https address'],
    [['files', '--client', 'cursor', '--key-env', '$(id)'], 'is not the name of a variable'],
  ])('%j is a usage error', async (args, says) => {
    const { code, out, err } = await run(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(says)
  })
})
