import { validate } from '../crds/validate.ts'
import type { Loaded, Resource } from './load.ts'
import type { Problem } from './parse.ts'

/** What is wrong with one object by its schema, each with its place. */
export function checkResource({ document }: Resource): Problem[] {
  return validate(document.value).map(({ path, message }) => {
    const of = message.startsWith('unknown field') ? 'key' : 'value'
    return { ...document.place(path, of), path, message }
  })
}

/** Everything that is wrong, in the order of files and lines. */
export function check(loaded: Loaded): Problem[] {
  const order = [...loaded.files.keys()]
  return [...loaded.problems, ...loaded.resources.flatMap(checkResource)].sort(
    (a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line || a.column - b.column,
  )
}

/** `file:line:column path: message`, as editors and terminals make a link of it. */
export const problemLine = ({ file, line, column, path, message }: Problem): string =>
  `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}\n`
