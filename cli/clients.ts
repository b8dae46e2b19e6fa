/** What a client has to be told. `variable` is the environment variable that holds the key. */
export type ClientTarget = { readonly name: string; readonly url: string; readonly variable: string }

/** `where` says where the text belongs. */
export type ClientConfig = { readonly where: string; readonly text: string }

const json = (value: unknown): string => JSON.stringify(value, null, 2)

function remote({ name, url, variable }: ClientTarget): ClientConfig {
  // mcp-remote wants to hear that plain HTTP is meant, except for this machine itself.
  const plain = url.startsWith('http:') && !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/)/.test(url)
  const args = ['-y', 'mcp-remote', url, '--transport', 'http-only', '--header', `X-API-Key:\${${variable}}`]
  return {
    where: `In the file of a client that only starts commands, such as claude_desktop_config.json; put the key in place of <key>:`,
    text: json({
      mcpServers: {
        [name]: { command: 'npx', args: plain ? [...args, '--allow-http'] : args, env: { [variable]: '<key>' } },
      },
    }),
  }
}

/** How each client spells its configuration; a key in a file is named by its variable wherever the client can read one. */
export const clients: Readonly<Record<string, (target: ClientTarget) => ClientConfig>> = {
  'claude-code': ({ name, url, variable }) => ({
    where: `In a shell where ${variable} is set:`,
    text: `claude mcp add --transport http ${name} ${url} --header "X-API-Key: $${variable}"`,
  }),
  cursor: ({ name, url, variable }) => ({
    where: `In .cursor/mcp.json or ~/.cursor/mcp.json; Cursor reads ${variable} from its environment:`,
    text: json({ mcpServers: { [name]: { url, headers: { 'X-API-Key': `\${env:${variable}}` } } } }),
  }),
  vscode: ({ name, url }) => ({
    where: 'In .vscode/mcp.json; VS Code asks for the key once and keeps it:',
    text: json({
      inputs: [{ type: 'promptString', id: `${name}-key`, description: `API key for ${name}`, password: true }],
      servers: { [name]: { type: 'http', url, headers: { 'X-API-Key': `\${input:${name}-key}` } } },
    }),
  }),
  gemini: ({ name, url, variable }) => ({
    where: `In .gemini/settings.json or ~/.gemini/settings.json; Gemini CLI reads ${variable} from its environment:`,
    text: json({ mcpServers: { [name]: { httpUrl: url, headers: { 'X-API-Key': `$${variable}` } } } }),
  }),
  'mcp-remote': remote,
}
