import { isDeepStrictEqual } from 'node:util'

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

/**
 * The paths of all leaves in which two versions of a value differ. With the arguments of a call before and after a redaction, it says which
 * `Mcp-Param-*` headers have to be written anew.
 */
export function changedMembers(before: unknown, after: unknown): readonly (readonly (string | number)[])[] {
  if (isDeepStrictEqual(before, after)) return []
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) return [[]]
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap(name =>
    changedMembers(at(before, name), at(after, name)).map(path => [
      Array.isArray(before) ? Number(name) : name,
      ...path,
    ]),
  )
}

const at = (value: object, name: string): unknown =>
  Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
