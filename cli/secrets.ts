import type { ParsedDocument, Problem } from './parse.ts'

/** A `kind: Secret` with its values, which live in memory alone: they are never written to disk. */
export type SecretDocument = {
  readonly name: string
  /** Undefined when the document names none: that of the others. */
  readonly namespace: string | undefined
  readonly document: ParsedDocument
  readonly values: ReadonlyMap<string, Buffer>
}

/** Where `${NAME}` is looked up; undefined when only the spelling is checked. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>> | undefined

type Read = { readonly values: SecretDocument['values']; readonly problems: readonly Problem[] }
type Value = { readonly value: Buffer } | { readonly wrong: string }

const variable = /\$(\$?)\{([^}]*)\}/g

/** `${NAME}` is replaced from the environment, `$${NAME}` stands for the text `${NAME}`. */
function expanded(text: string, environment: EnvironmentVariables): Value {
  const wrong: string[] = []
  const value = text.replace(variable, (_all, escape: string, name: string) => {
    if (escape === '$') return `\${${name}}`
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) wrong.push(`"\${${name}}" is not the name of an environment variable`)
    else if (environment && environment[name] === undefined)
      wrong.push(`the environment variable ${name} is not set: export it before the start`)
    return environment?.[name] ?? ''
  })
  return wrong.length > 0 ? { wrong: wrong.join('; ') } : { value: Buffer.from(value) }
}

function decoded(text: string): Value {
  const compact = text.replace(/\s/g, '')
  const value = Buffer.from(compact, 'base64')
  if (value.toString('base64') === compact) return { value }
  return { wrong: 'is not base64: encode the value, or put it as it is under stringData' }
}

const readers: Readonly<Record<string, (text: string, environment: EnvironmentVariables) => Value>> = {
  data: decoded,
  stringData: expanded,
}

const known = new Set(['apiVersion', 'kind', 'metadata', 'type', 'immutable', ...Object.keys(readers)])

function entries(
  document: ParsedDocument,
  field: string,
): { readonly list: [string, unknown][]; readonly wrong: boolean } {
  const value = document.value[field]
  if (value === undefined || value === null) return { list: [], wrong: false }
  if (typeof value !== 'object' || Array.isArray(value)) return { list: [], wrong: true }
  return { list: Object.entries(value), wrong: false }
}

/** Reads a `kind: Secret`. As in Kubernetes, `stringData` wins over `data`. Problems never quote a value. */
export function readSecret(document: ParsedDocument, environment: EnvironmentVariables): Read {
  const values = new Map<string, Buffer>()
  const problems: Problem[] = Object.keys(document.value)
    .filter(field => !known.has(field))
    .map(path => ({ ...document.place(path, 'key'), path, message: 'unknown field of a Secret' }))
  for (const [field, reader] of Object.entries(readers)) {
    const { list, wrong } = entries(document, field)
    if (wrong) problems.push({ ...document.place(field), path: field, message: 'must be an object of strings' })
    for (const [key, text] of list) {
      const path = `${field}.${key}`
      const read =
        typeof text === 'string' ? reader(text, environment) : { wrong: 'must be a string: put it in quotes' }
      if ('wrong' in read) problems.push({ ...document.place(path), path, message: read.wrong })
      else values.set(key, read.value)
    }
  }
  return { values, problems }
}
