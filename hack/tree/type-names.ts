import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'vite'
import type { SourceTexts } from './imports.ts'

type Declaration = { readonly type: string; readonly id?: { readonly name: string } }

/** The types that a source declares and exports: aliases, interfaces and classes. What it only exports again is not among them. */
function typesIn(file: string, text: string): string[] {
  return parseSync(file, text).program.body.flatMap(statement => {
    if (statement.type !== 'ExportNamedDeclaration' && statement.type !== 'ExportDefaultDeclaration') return []
    const declared = statement.declaration as Declaration | null
    const isType = /^(?:TS(?:TypeAlias|Interface)Declaration|ClassDeclaration)$/.test(declared?.type ?? '')
    return isType && declared?.id ? [declared.id.name] : []
  })
}

/** The files that declare each exported type. */
export function typeNames(sources: SourceTexts): ReadonlyMap<string, readonly string[]> {
  const files = new Map<string, string[]>()
  for (const [file, text] of sources) {
    for (const name of typesIn(file, text)) files.set(name, [...(files.get(name) ?? []), file])
  }
  return files
}

const modules = join(import.meta.dirname, '../../node_modules')

/** The names that declaration files below node_modules declare, one in a line. */
const declaredIn = (files: readonly string[], nameIn: (line: string) => string | undefined): string[] =>
  globSync(files, { cwd: modules }).flatMap(file =>
    readFileSync(join(modules, file), 'utf8')
      .split('\n')
      .flatMap(line => nameIn(line) ?? []),
  )

/** Type names that a reader of TypeScript for Node knows already: of the language, of Node's globals, and of the modules whose classes stand for what they do. */
export function builtIns(): ReadonlySet<string> {
  const language = declaredIn(
    ['@typescript/*/lib/lib.es*.d.ts'],
    line => /^(?:declare )?(?:interface|type|var|class|namespace) ([A-Z]\w*)/.exec(line)?.[1],
  )
  const node = declaredIn(
    [
      '@types/node/{globals,globals.typedarray,buffer,events,stream,url,worker_threads}.d.ts',
      '@types/node/web-globals/*.d.ts',
    ],
    line => /^(?:export |declare |abstract )*(?:interface|class) ([A-Z]\w*)/.exec(line.trimStart())?.[1],
  )
  return new Set([...language, ...node, ...Object.getOwnPropertyNames(globalThis)])
}
