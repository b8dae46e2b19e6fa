import { parseArguments } from './arguments.ts'
import { UsageError } from './usage-error.ts'
import { urlOptions } from './configure.ts'
import { listeners, type Listener } from './listen.ts'
import { defaultState } from './state-names.ts'

export const runUsage = `bartizan run -f FILE|DIR [-f ...] [options]

Guards MCP servers on this machine with the same manifests as in a cluster: starts servers given by "command" as child
processes, reaches those given by "url", and lets in who holds an API key. Changes of the files are taken up within a
second. Secrets come from "kind: Secret" documents; \${NAME} in stringData is taken from the environment.

  -f, --file PATH        manifests: a file, or a folder whose *.yaml, *.yml and *.json are read
  --listen ADDRESS:PORT  where clients come in; localhost:8080 unless given
  --insecure-listen      plain HTTP on an address that others can reach, because something in front of it encrypts
  --url NAME=URL         address of a server, instead of what its manifest says (an image that you run yourself)
  --state DIR            folder for what outlives the process: ${defaultState} unless given
  --metrics ADDRESS:PORT serve Prometheus metrics there
  --namespace NAME       which namespace is meant, when the files are about several
  --log json|text        how the log on stderr is written; text unless given
`

const options = {
  file: { type: 'string', short: 'f', multiple: true },
  listen: { type: 'string', multiple: true },
  'insecure-listen': { type: 'boolean' },
  url: { type: 'string', multiple: true },
  state: { type: 'string' },
  metrics: { type: 'string' },
  namespace: { type: 'string' },
  log: { type: 'string' },
} as const

export type RunOptions = {
  readonly paths: readonly string[]
  readonly client: readonly Listener[]
  readonly metrics: Listener | undefined
  readonly insecure: boolean
  readonly urls: Readonly<Record<string, string>>
  readonly state: string
  readonly namespace: string | undefined
  readonly json: boolean
}

/**
 * Reads the command line of `bartizan run`.
 * @throws UsageError with exit code 2
 */
export function runOptions(args: readonly string[]): RunOptions {
  const { values, positionals } = parseArguments(args, options)
  const paths = [...(values.file ?? []), ...positionals]
  if (paths.length === 0) throw new UsageError('name the manifests: bartizan run -f FILE|DIR', 2)
  if (values.log !== undefined && values.log !== 'json' && values.log !== 'text')
    throw new UsageError(`--log ${values.log}: write json or text`, 2)
  return {
    paths,
    client: listeners(values.listen),
    metrics: values.metrics === undefined ? undefined : listeners([values.metrics])[0],
    insecure: values['insecure-listen'] === true,
    urls: urlOptions(values.url),
    state: values.state ?? defaultState,
    namespace: values.namespace,
    json: values.log === 'json',
  }
}
