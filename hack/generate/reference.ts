import type { z } from 'zod'
import { apiVersion, type Kind } from '../../crds/index.ts'
import type { Combination } from '../../gateway/config/traits.ts'
import { combinations, withCombinations } from './combinations.ts'
import type { Schema } from './structural.ts'

const bounds: readonly (readonly [string, (value: string) => string])[] = [
  ['minLength', value => `at least ${value} characters`],
  ['maxLength', value => `at most ${value} characters`],
  ['minItems', value => `at least ${value} items`],
  ['maxItems', value => `at most ${value} items`],
  ['maxProperties', value => `at most ${value} entries`],
  ['minimum', value => `at least ${value}`],
  ['maximum', value => (value === String(Number.MAX_SAFE_INTEGER) ? '' : `at most ${value}`)],
]

function typeOf(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string']) return 'amount'
  if (Array.isArray(schema['enum'])) return schema['enum'].map(value => `\`${value}\``).join(', ')
  if (schema['type'] === 'array') return `list of ${typeOf(schema['items'] as Schema)}`
  if (schema['type'] === 'object' && schema['additionalProperties']) return 'map'
  return String(schema['type'])
}

type Validation = { readonly message: string }

function sentence(schema: Schema, required: boolean): string {
  const limits = bounds
    .filter(([name]) => schema[name] !== undefined)
    .map(([name, text]) => text(JSON.stringify(schema[name])))
    .filter(text => text !== '')
  const rules = ((schema['x-kubernetes-validations'] ?? []) as readonly Validation[]).map(rule => rule.message)
  const parts = [
    typeof schema['description'] === 'string' ? schema['description'] : '',
    ...(required ? ['Required.'] : []),
    ...(limits.length > 0 ? [`(${limits.join(', ')})`] : []),
    ...(schema['combine'] === undefined ? [] : [`Combined: ${combinations[schema['combine'] as Combination]}.`]),
    ...(rules.length > 0 ? [`Rules: ${rules.join('; ')}.`] : []),
  ]
  return parts.join(' ').replaceAll('|', '\\|')
}

function rows(schema: Schema, path: string): string[] {
  const required = new Set((schema['required'] ?? []) as readonly string[])
  return Object.entries((schema['properties'] ?? {}) as Record<string, Schema>).flatMap(([name, field]) => {
    const at = `${path}.${name}`
    const item = field['items'] as Schema | undefined
    const inner = item?.['properties'] ? rows(item, `${at}[]`) : rows(field, at)
    return [`| \`${at}\` | ${typeOf(field)} | ${sentence(field, required.has(name))} |`, ...inner]
  })
}

function chapter(kind: Kind): string {
  const table = (schema: z.ZodType, path: string): string =>
    ['| field | type | meaning |', '|---|---|---|', ...rows(withCombinations(schema), path)].join('\n')
  const json = withCombinations(kind.spec)
  const rules = [...kind.nameRules, ...((json['x-kubernetes-validations'] ?? []) as readonly Validation[])].map(
    rule => `- ${rule.message}`,
  )
  return [
    `## ${kind.kind}`,
    kind.description,
    `Short name \`${kind.shortName}\`, category \`mcp\`.`,
    ...(rules.length > 0 ? [rules.join('\n')] : []),
    table(kind.spec, 'spec'),
    '### Status',
    table(kind.status, 'status'),
  ].join('\n\n')
}

/** The reference of all kinds, as Markdown. */
export const reference = (kinds: readonly Kind[]): string =>
  [
    '# Reference',
    `Every field of the kinds of \`${apiVersion}\`. Generated from \`crds/\` by \`npm run generate\`; do not edit. \`kubectl explain mcpserver.spec\` shows the same.`,
    "*Combined* says what holds where several objects set a field: the policies that select a server, or the MCPGateways of the namespace and of the operator's namespace. The `inForce` of a server's status says which value that is, and where it comes from. Rules and keywords of policies combine for each channel, and in it for each thing that is looked for.",
    ...kinds.map(chapter),
    'Why a condition is as it is (`status.conditions[].reason`): [conditions.md](conditions.md).',
    '',
  ].join('\n\n')
