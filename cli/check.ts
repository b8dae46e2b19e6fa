import { printable } from '../gateway/config/printable.ts'
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

/** Problems as a reader meets them. */
export function inOrder(loaded: Loaded, problems: readonly Problem[]): Problem[] {
  const order = [...loaded.files.keys()]
  return problems.toSorted(
    (a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line || a.column - b.column,
  )
}

/** Everything that is wrong by the documents themselves, in the order of files and lines. */
export const check = (loaded: Loaded): Problem[] =>
  inOrder(loaded, [...loaded.problems, ...loaded.resources.flatMap(checkResource)])

/** `file:line:column path: message`, as editors and terminals make a link of it. */
export const problemLine = ({ file, line, column, path, message }: Problem): string =>
  `${printable(`${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`)}\n`
