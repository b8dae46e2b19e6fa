import { schemaNumber } from './index.ts'
import { keysSchemaNumber } from './keys.ts'

/** The two files of a configuration. Each comes in a rendering for every number of the contract that is still running. */
export type ConfigFile = 'gateway' | 'keys'

/** The numbers that this gateway reads. */
export const knownSchemas: Readonly<Record<ConfigFile, readonly number[]>> = {
  gateway: [schemaNumber],
  keys: [keysSchemaNumber],
}

/** The name of a rendering in its folder and in its ConfigMap. */
export const renderingName = (file: ConfigFile, schema: number): string => `${file}.${schema}.json`

/** `keys.1.json` */
const numbered = /^(gateway|keys)\.([1-9][0-9]{0,8})\.json$/

/** Which file to read; or the numbers there are, when none of them is known; or nothing, when there is no such file at all. */
export type Rendering = { readonly name: string } | { readonly unknown: readonly number[] } | undefined

/** The rendering with the highest number that is known, else the file without a number (`bartizan run`, tests). */
export function chosenRendering(names: readonly string[], file: ConfigFile): Rendering {
  const read = names.map(name => numbered.exec(name))
  const numbers = read.flatMap(found => (found?.[1] === file ? [Number(found[2])] : []))
  const known = numbers.filter(number => knownSchemas[file].includes(number))
  if (known.length > 0) return { name: renderingName(file, Math.max(...known)) }
  if (names.includes(`${file}.json`)) return { name: `${file}.json` }
  return numbers.length > 0 ? { unknown: numbers.toSorted((a, b) => a - b) } : undefined
}
