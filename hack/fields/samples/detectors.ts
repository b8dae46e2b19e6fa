import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { exchanges } from '../exchanges.ts'
import { nameOf, type Leaf } from '../leaves.ts'
import { key, policy, server, settings, type Sample } from '../sample.ts'

type Case = { readonly options?: Readonly<Record<string, unknown>>; readonly text: string }

const folder = join(import.meta.dirname, '..', '..', '..', 'gateway', 'detectors')

/** The value at a path such as `levels[]`: of a list the first. */
const at = (options: unknown, path: string): unknown =>
  path
    .replaceAll('[]', '.0')
    .split('.')
    .reduce<unknown>((node, step) => (node as Record<string, unknown> | undefined)?.[step], options)

/**
 * The sample for an option of a detector that has none of its own, made of the cases that stand beside the detector: a server says all their texts,
 * and what is found is redacted. So a new detector needs nothing here, as long as its cases show what the option does.
 */
export function detectorSample(leaf: Leaf): Sample | undefined {
  const [, name, path] = /^GuardrailPolicy\.spec\.rules\[\]\.detector\.(\w+)\.(.+)$/.exec(nameOf(leaf)) ?? []
  if (name === undefined || path === undefined) return undefined
  const file = join(folder, `${name}.cases.yaml`)
  if (!existsSync(file)) return undefined
  const cases = parse(readFileSync(file, 'utf8')) as Case[]
  const values = [...new Set(cases.map(({ options }) => at(options, path)).filter(value => value !== undefined))]
  const options = cases.find(one => at(one.options, path) !== undefined)?.options
  if (!options) return undefined
  const rule = { detector: { [name]: options }, channels: ['Result'], action: 'Redact', mode: 'Enforce' }
  const text = cases.map(one => one.text.replaceAll('¦', '')).join('\n')
  return {
    documents: [policy({ rules: [rule] }), server(), key(), settings()],
    values,
    witness: exchanges.result(text),
  }
}
