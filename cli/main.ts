import type { Command, Io } from './command.ts'
import { UsageError } from './usage-error.ts'
import { printableLines } from '../gateway/config/printable.ts'
import { nearest } from '../crds/nearest.ts'

/** What a command needs is loaded when it is called: `keys create` does not wait for the gateway to be read. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).run,
  lint: async () => (await import('./lint.ts')).lint,
  keys: async () => (await import('./keys.ts')).keys,
  'client-config': async () => (await import('./client-config.ts')).clientConfig,
  tools: async () => (await import('./tools.ts')).tools,
  explain: async () => (await import('./explain.ts')).explain,
  render: async () => (await import('./render.ts')).render,
  audit: async () => (await import('./audit.ts')).audit,
}

/** Other names that people try. */
const aliases: Readonly<Record<string, string>> = { validate: 'lint' }

const line = ([name, command]: readonly [string, Command]): string => `  ${name.padEnd(15)}${command.summary}\n`

async function overview(): Promise<string> {
  const all = await Promise.all(Object.entries(commands).map(async ([name, load]) => [name, await load()] as const))
  return `bartizan: MCP security gateway, from the same YAML as in a cluster

${all.map(line).join('')}
"bartizan COMMAND --help" says more about one of them. Start here:

  bartizan keys create me --servers '*' -o key.yaml
  bartizan run -f server.yaml -f key.yaml
`
}

function commandNamed(given: string): () => Promise<Command> {
  const name = Object.hasOwn(aliases, given) ? aliases[given]! : given
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load) return load
  const meant = nearest(name, Object.keys(commands))
  throw new UsageError(`there is no command ${name}${meant ? `; did you mean ${meant}?` : ': see "bartizan help"'}`, 2)
}

const asksForHelp = (args: readonly string[]): boolean => {
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  return own.includes('--help') || own.includes('-h')
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || ['help', '--help', '-h'].includes(name)) {
    io.out(await overview())
    return name === undefined ? 2 : 0
  }
  const command = await commandNamed(name)()
  if (!asksForHelp(rest)) return command.run(rest, io)
  io.out(command.usage)
  return 0
}

/**
 * Runs one command line.
 * @param args without node and the script
 * @returns the exit code: 0 done, 1 something is wrong, 2 the command line is wrong
 */
export async function main(args: readonly string[], given: Io): Promise<number> {
  // What is said beside the output is for people; some of it is of servers and files.
  const io: Io = { ...given, err: text => given.err(printableLines(text)) }
  try {
    return await dispatch(args, io)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    io.err(`bartizan: ${error.message}\n`)
    if (error.exit === 2 && args[0] !== undefined && Object.hasOwn(commands, args[0]))
      io.err(`See "bartizan ${args[0]} --help".\n`)
    return error.exit
  }
}
