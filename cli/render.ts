import { Document, visit } from 'yaml'
import { isPrintable, printableYaml } from '../gateway/config/printable.ts'
import { objectsOf, statusesOf, translate, type Desired } from '../operator/translate/index.ts'
import { parseArguments } from './arguments.ts'
import { problemLine } from './check.ts'
import type { Command } from './command.ts'
import { UsageError } from './usage-error.ts'
import { readSources } from './files.ts'
import { load } from './load.ts'
import { collectSnapshot } from './snapshot.ts'

const usage = `bartizan render FILE|DIR... [options]

Prints what follows from manifests, as YAML: the configuration of the gateway and its keys, the Kubernetes objects, and
the status of each object. It is the very translation that "bartizan run" and the operator use. Values of Secrets are
not in it, nor is the drain hook of a pod, whose token comes from one.

  --cluster          what the operator makes of them, instead of what "bartizan run" does
  --image NAME       image of the gateway's container, with --cluster
  --only PART        gateways, objects or statuses alone
  --namespace NAME   which namespace is meant, when the files are about several

  bartizan render server.yaml --only statuses
`

const options = {
  cluster: { type: 'boolean' },
  image: { type: 'string' },
  only: { type: 'string' },
  namespace: { type: 'string' },
} as const

/** Each part as documents of their own: objects are what kubectl takes. */
const parts: Readonly<Record<string, (desired: Desired) => readonly unknown[]>> = {
  gateways: ({ gateways }) => gateways,
  objects: objectsOf,
  statuses: statusesOf,
}

function yamlOf(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false })
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && !isPrintable(scalar.value)) scalar.type = 'QUOTE_DOUBLE'
    },
  })
  return printableYaml(document.toString({ lineWidth: 120 }))
}

const write = (documents: readonly unknown[]): string => documents.map(yamlOf).join('---\n')

/** `bartizan render`. */
export const render: Command = {
  summary: 'print what follows from manifests',
  usage,
  run(args, io) {
    const { values, positionals } = parseArguments(args, options)
    if (positionals.length === 0)
      throw new UsageError('name the files or folders to read: bartizan render FILE|DIR...', 2)
    const { only } = values
    if (only !== undefined && !Object.hasOwn(parts, only))
      throw new UsageError(`--only ${only}: write ${Object.keys(parts).join(', ')}`, 2)
    const loaded = load(readSources(positionals), undefined)
    io.err(loaded.problems.map(problemLine).join(''))
    const { snapshot } = collectSnapshot(loaded, {
      namespace: values.namespace,
      urls: {},
      lastGood: [],
      salt: io.random(32),
    })
    const image = values.image === undefined ? {} : { gatewayImage: values.image }
    const desired = translate({ ...snapshot, standalone: values.cluster !== true, ...image })
    const shown = Object.entries(parts).filter(([name]) => only === undefined || name === only)
    io.out(write(shown.flatMap(([, part]) => part(desired))))
    return Promise.resolve(loaded.problems.length === 0 ? 0 : 1)
  },
}
