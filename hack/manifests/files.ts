import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { Definition } from './schema.ts'

export const root = join(import.meta.dirname, '..', '..')

/** A manifest as far as tests look into it. */
export type Manifest = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
  readonly spec?: unknown
}

/** The documents of a YAML text. */
export const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).map(document => document.toJS() as Manifest)

/** Files of the repository that match a pattern, with their texts. */
export const filesLike = (pattern: string): { file: string; text: string }[] =>
  globSync(pattern, { cwd: root })
    .toSorted()
    .map(file => ({ file, text: readFileSync(join(root, file), 'utf8') }))

/** The CustomResourceDefinitions as they are installed. */
export const definitions = (): Definition[] =>
  filesLike('config/crd/mcp.gateway.io_*.yaml').flatMap(({ text }) => manifestsIn(text) as unknown as Definition[])
