import { parseArguments } from './arguments.ts'
import { clients } from './clients.ts'
import type { Command } from './command.ts'
import { UsageError } from './usage-error.ts'
import { defaultPort } from './listen.ts'
import { serverName } from '../gateway/config/kit.ts'

const usage = `bartizan client-config SERVER --client CLIENT [options]

Prints what an MCP client needs to reach a server through the gateway, ready to paste.

  --client NAME   ${Object.keys(clients).join(', ')}
  --url BASE      address of the gateway, http://127.0.0.1:${defaultPort} unless you give another
  --key-env NAME  environment variable that holds the API key, BARTIZAN_KEY if not given. The key itself is never
                  asked for here, so that it does not end up in a file that is committed.

  bartizan client-config files --client claude-code
`

const options = {
  client: { type: 'string' },
  url: { type: 'string' },
  'key-env': { type: 'string' },
} as const

function baseOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))
    return text.replace(/(?<!\/)\/+$/, '').replace(/\/mcp$/, '')
  throw new UsageError(`--url ${text}: write an http or https address, such as https://mcp.example.com`, 2)
}

/** `bartizan client-config`. */
export const clientConfig: Command = {
  summary: 'print the configuration of an MCP client, ready to paste',
  usage,
  run(args, io) {
    const { values, positionals } = parseArguments(args, options)
    const [name, ...further] = positionals
    if (name === undefined || further.length > 0) throw new UsageError('give exactly one SERVER, by its name', 2)
    if (!serverName.safeParse(name).success) throw new UsageError(`${name}: is not the name of an MCPServer`, 2)
    const write =
      values.client !== undefined && Object.hasOwn(clients, values.client) ? clients[values.client] : undefined
    if (!write) throw new UsageError(`--client: name one of ${Object.keys(clients).join(', ')}`, 2)
    const variable = values['key-env'] ?? 'BARTIZAN_KEY'
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable))
      throw new UsageError(`--key-env ${variable}: is not the name of a variable`, 2)
    const base = baseOf(values.url ?? `http://127.0.0.1:${defaultPort}`)
    const { where, text } = write({ name, url: `${base}/mcp/${name}`, variable })
    io.err(`${where}\n\n`)
    io.out(`${text}\n`)
    return Promise.resolve(0)
  },
}
