import { printable } from '../gateway/config/printable.ts'
import { parseArguments } from './arguments.ts'
import { problemLine } from './check.ts'
import type { Command } from './command.ts'
import { UsageError } from './usage-error.ts'
import type { InForce } from '../crds/server-status.ts'
import { statusesOf, translate, type Snapshot, type Status } from '../operator/translate/index.ts'
import { readSources } from './files.ts'
import { load } from './load.ts'
import { collectSnapshot } from './snapshot.ts'
import { builtIn } from '../operator/translate/status/in-force.ts'

const usage = `bartizan explain SERVER -f FILE|DIR [--namespace NAME]

Says which settings hold for a server, and where each comes from: the server itself, a policy that selects it, the
MCPGateway, or what is built in. What is set and means something in a cluster alone stands at the end, marked so.

  -f, --file PATH   manifests of the server and of its policies
  --namespace NAME  which namespace is meant, when the files are about several

  bartizan explain files -f server.yaml -f policies/
`

const options = {
  file: { type: 'string', short: 'f', multiple: true },
  namespace: { type: 'string' },
} as const

const statusIn = (snapshot: Snapshot, server: string): Status['status'] | undefined =>
  statusesOf(translate(snapshot)).find(({ kind, name }) => kind === 'MCPServer' && name === server)?.status

/**
 * What the same manifests set and a cluster alone has. What is built in there is told of a server that only a cluster runs; of any other it is not
 * what was asked about.
 */
function clusterOnly(snapshot: Snapshot, server: string, here: readonly InForce[]): InForce[] {
  const { inForce = [] } = statusIn({ ...snapshot, standalone: false }, server) ?? {}
  return inForce
    .filter(({ field, origin }) => here.length === 0 || (origin !== builtIn && here.every(one => one.field !== field)))
    .map(one => ({ ...one, origin: `${one.origin} (in a cluster)` }))
}

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
    const { snapshot } = collectSnapshot(loaded, {
      namespace: values.namespace,
      urls: {},
      lastGood: [],
      salt: io.random(32),
    })
    const status = statusIn(snapshot, name)
    if (!status) throw new UsageError(`no MCPServer is called ${name}`)
    const { inForce: here = [], conditions } = status
    const inForce = [...here, ...clusterOnly(snapshot, name, here)]
    for (const { type, status: holds, reason, message } of conditions)
      io.err(`${type}=${holds} ${reason}: ${message}\n`)
    const width = (of: 'field' | 'value'): number => Math.min(60, Math.max(0, ...inForce.map(one => one[of].length)))
    for (const { field, value, origin } of inForce)
      io.out(`${printable(`${field.padEnd(width('field'))}  ${value.padEnd(width('value'))}  ${origin}`)}\n`)
    return Promise.resolve(0)
  },
}
