import { z } from 'zod'
import { egress } from '../../../crds/egress.ts'
import { mcpGateway } from '../../../crds/mcp-gateway.ts'
import type { InForce } from '../../../crds/server-status.ts'
import { serverFields } from '../../../gateway/config/servers.ts'
import type { ServerRule } from '../../../gateway/config/guardrails.ts'
import { toolPolicy } from '../../../gateway/config/tools.ts'
import { fieldsOf, valueAt, type SchemaField } from '../../../gateway/config/traits.ts'
import type { RuleDetector } from '../policy/rule-requests.ts'
import { fullName, originOf } from '../policy/policies.ts'
import type { ServerContext, ServerView } from '../context.ts'
import { approves, combinedTools, toolFields } from '../policy/tools.ts'

/** Where a value comes from that no object sets. */
export const builtIn = 'built-in'

const maxValue = 1024

/** A value as one line; the schema of the status bounds its length. */
function shown(value: unknown, text: (value: unknown) => string = String): string {
  const line = Array.isArray(value) ? value.map(text).join(', ') : text(value)
  return line.length > maxValue ? `${line.slice(0, maxValue - 1)}…` : line
}

const entry = (field: string, value: string, origin: string): InForce => ({ field, value, origin })

/** A field with the value that holds and the objects that it comes from, or with what holds where no object sets it. */
function fieldEntry(
  { name, traits: { unset, text } }: SchemaField,
  value: unknown,
  origin: string | undefined,
): InForce[] {
  if (value !== undefined && origin !== undefined) return [entry(name, shown(value, text), origin)]
  return unset === undefined ? [] : [entry(name, shown(unset, text), builtIn)]
}

/** What an MCPServer says to its gateway. */
const policyFields = fieldsOf(z.strictObject({ ...serverFields, toolPolicy: toolPolicy.optional() }))

const egressFields = fieldsOf(z.strictObject({ egress: z.array(egress) }))

function serverEntries({ server, egress: open }: ServerView): InForce[] {
  const { spec, document } = server
  const origin = `MCPServer/${document.name}`
  return [
    ...policyFields
      .filter(({ path, traits }) => traits.optIn !== true || valueAt(spec, path.slice(0, 1)) !== undefined)
      .flatMap(field => fieldEntry(field, valueAt(spec, field.path), origin)),
    ...egressFields.flatMap(field => fieldEntry(field, open.length > 0 ? open : undefined, origin)),
  ]
}

/** Metrics come last: readers of a status find everything where it was. */
const settingsFields = fieldsOf(mcpGateway.spec).toSorted(
  (left, right) => Number(left.path[0] === 'metrics') - Number(right.path[0] === 'metrics'),
)

/** The settings of the namespace and of the floor, each with the objects that it comes from. */
const settingsEntries = ({ settings: { spec, from }, snapshot }: ServerContext): InForce[] =>
  settingsFields
    .filter(({ traits }) => traits.cluster !== true || !snapshot.standalone)
    .flatMap(field => fieldEntry(field, valueAt(spec, field.path), from[field.name]))

function toolEntries({ server, selected, tools }: ServerView): InForce[] {
  const { from } = combinedTools(selected.policies)
  const approving = selected.policies.filter(policy => approves(server.document.name, policy))
  return [
    ...toolFields.flatMap(field => {
      const name = `tools.${field.name}`
      return fieldEntry({ ...field, name }, valueAt(tools, field.path), from[field.name] && shown([from[field.name]]))
    }),
    ...(tools.approved.length > 0
      ? [entry('tools.approved', shown(tools.approved), shown(approving.map(originOf)))]
      : []),
  ]
}

/** Lists are counted, not told: there may be a thousand words in one, and not everyone who reads a status needs them. */
const option = ([name, value]: [string, unknown]): string =>
  Array.isArray(value) ? `${value.length} ${name}` : `${name} ${JSON.stringify(value)}`

const subjectOf = (detector: RuleDetector): string =>
  Object.entries(detector)
    .map(
      ([name, options]) =>
        `${name} (${Object.entries<unknown>(options ?? {})
          .map(option)
          .join(', ')})`,
    )
    .join(', ')

const ruleEntry = (
  { detector, channels, action, mode, policy }: ServerRule,
  selected: ServerView['selected'],
): InForce => {
  const source = selected.policies.find(one => fullName(one) === policy)
  return entry(
    `rules.${channels.join('+')}`,
    shown(`${subjectOf(detector)}: ${action}, ${mode}`),
    source ? originOf(source) : `GuardrailPolicy/${policy}`,
  )
}

/** Every setting that holds for a server, with the object that it comes from. At most 256, as the schema of the status says. */
export const inForce = (view: ServerView, context: ServerContext): InForce[] =>
  [
    ...serverEntries(view),
    ...settingsEntries(context),
    ...toolEntries(view),
    ...view.rules.map(rule => ruleEntry(rule, view.selected)),
  ].slice(0, 256)
