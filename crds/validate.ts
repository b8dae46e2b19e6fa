import * as z from 'zod'
import { issuesOf, type Issue } from '../gateway/config/index.ts'
import { isKindName, kinds, type KindName } from './kinds.ts'
import { apiVersion } from './kind.ts'
import { isResourceName } from './names.ts'
import { nearest } from './nearest.ts'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The schema that stands at a path, without the wrappers that only say "may be missing". */
function schemaAt(root: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  let schema: z.ZodType | undefined = root
  for (const part of [...path, undefined]) {
    while (schema instanceof z.ZodOptional) schema = schema.unwrap() as z.ZodType
    if (part === undefined) return schema
    if (schema instanceof z.ZodObject) schema = (schema.shape as Record<string, z.ZodType>)[String(part)]
    else if (schema instanceof z.ZodArray) schema = schema.element as z.ZodType
    else return undefined
  }
  return schema
}

function unknownField(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  return meant ? `unknown field: did you mean ${meant}?` : `unknown field: there are ${known.join(', ')}`
}

type Size = { readonly origin: string; readonly minimum?: unknown; readonly maximum?: unknown }

function size({ origin, minimum, maximum }: Size): string {
  const bound = String(minimum ?? maximum)
  if (origin === 'number' || origin === 'int') return `must be at ${minimum === undefined ? 'most' : 'least'} ${bound}`
  if (minimum === undefined) return `is longer than ${bound}`
  return bound === '1' ? 'must not be empty' : `is shorter than ${bound}`
}

/** What to write instead, for the issues that zod words for programmers. */
function advice(issue: z.core.$ZodIssue): string {
  if (issue.input === undefined) return 'is required'
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_type') return `must be of type ${issue.expected}`
  if (issue.code === 'too_small' || issue.code === 'too_big') return size(issue)
  const isTime = issue.code === 'invalid_format' && issue.format === 'datetime'
  return isTime ? 'must be a time such as 2027-01-31T00:00:00Z' : issue.message
}

function named(root: z.ZodType, issue: z.core.$ZodIssue): Issue[] {
  const at = issuesOf(new z.ZodError([issue]))
  if (issue.code !== 'unrecognized_keys') return at.map(one => ({ ...one, message: advice(issue) }))
  const schema = schemaAt(root, issue.path)
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return at.map((one, index) => ({ ...one, message: unknownField(issue.keys[index]!, known) }))
}

/** What is wrong with a spec of the given kind, with paths that begin at `spec`. */
export function validateSpec(kind: KindName, spec: unknown): Issue[] {
  const schema = z.strictObject({ spec: kinds[kind].spec })
  const result = schema.safeParse({ spec: spec ?? {} }, { reportInput: true })
  return result.success ? [] : result.error.issues.flatMap(issue => named(schema, issue))
}

/** What is wrong with the name of an object of the given kind. */
export function validateName(kind: KindName, name: unknown): Issue[] {
  const path = 'metadata.name'
  if (typeof name !== 'string' || name === '') return [{ path, message: 'is required' }]
  if (!isResourceName(name))
    return [{ path, message: 'must consist of lowercase letters, digits, "-" and ".", at most 253 characters' }]
  return kinds[kind].nameRules.filter(rule => !rule.holds(name)).map(rule => ({ path, message: rule.message }))
}

const topLevel = ['apiVersion', 'kind', 'metadata', 'spec', 'status']

/**
 * Everything that is wrong with a document, strictly: unknown fields, wrong values, broken rules. Empty for a document that the API server
 * would take, and for one of another group, which another controller handles.
 */
export function validate(document: unknown): Issue[] {
  if (!isObject(document)) return [{ path: '', message: 'must be an object with apiVersion, kind, metadata and spec' }]
  const { kind, metadata } = document
  if (document['apiVersion'] !== apiVersion) return []
  if (!isKindName(kind)) {
    const names = Object.keys(kinds)
    const meant = nearest(String(kind), names)
    return [{ path: 'kind', message: meant ? `did you mean ${meant}?` : `must be one of ${names.join(', ')}` }]
  }
  const fields = Object.keys(document).filter(name => !topLevel.includes(name))
  return [
    ...fields.map(path => ({ path, message: unknownField(path, topLevel) })),
    ...validateName(kind, isObject(metadata) ? metadata['name'] : undefined),
    ...validateSpec(kind, document['spec']),
  ]
}
