import { printable } from '../gateway/config/printable.ts'
import { parseArguments } from './arguments.ts'
import { problemLine } from './check.ts'
import type { Command } from './command.ts'
import { UsageError } from './usage-error.ts'
import { statusesOf } from '../operator/translate/index.ts'
import { configure } from './configure.ts'
import { readSources } from './files.ts'
import { load } from './load.ts'

const usage = `bartizan explain SERVER -f FILE|DIR [--namespace NAME]

Says which settings hold for a server, and where each comes from: the server itself, a policy that selects it, the
MCPGateway, or what is built in.

  -f, --file PATH   manifests of the server and of its policies
  --namespace NAME  which namespace is meant, when the files are about several

  bartizan explain files -f server.yaml -f policies/
`

const options = {
  file: { type: 'string', short: 'f', multiple: true },
  namespace: { type: 'string' },
} as const

/** `bartizan explain`. */
export const explain: Command = {
  summary: 'say which settings hold for a server, and where each comes from',
  usage,
  run(args, io) {
    const { values, positionals } = parseArguments(args, options)
    const [name, ...further] = positionals
    if (name === undefined || further.length > 0 || !values.file)
      throw new UsageError('give one SERVER and its manifests: bartizan explain SERVER -f FILE|DIR', 2)
    const loaded = load(readSources(values.file), undefined)
    io.err(loaded.problems.map(problemLine).join(''))
    const { desired } = configure(loaded, { namespace: values.namespace, urls: {}, lastGood: [], salt: io.random(32) })
    const found = statusesOf(desired).find(status => status.kind === 'MCPServer' && status.name === name)
    if (!found) throw new UsageError(`no MCPServer is called ${name}`)
    const { inForce = [], conditions } = found.status
    for (const { type, status, reason, message } of conditions) io.err(`${type}=${status} ${reason}: ${message}\n`)
    const width = (of: 'field' | 'value'): number => Math.min(60, Math.max(0, ...inForce.map(one => one[of].length)))
    for (const { field, value, origin } of inForce)
      io.out(`${printable(`${field.padEnd(width('field'))}  ${value.padEnd(width('value'))}  ${origin}`)}\n`)
    return Promise.resolve(0)
  },
}
