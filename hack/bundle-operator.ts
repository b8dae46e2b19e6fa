import type { Plugin } from 'esbuild'
import { bundlePrograms } from './bundling.ts'

/**
 * Bundles the operator as its image has it: one file of JavaScript that needs nothing installed, and its source map, since its stack traces are
 * read by people.
 *
 * @param plugins what tests change in it
 * @returns the file to run
 */
export async function bundleOperator(folder = 'operator', plugins: Plugin[] = []): Promise<string> {
  const outdir = await bundlePrograms(
    folder,
    { main: 'operator/main.ts' },
    { minifyWhitespace: true, sourcemap: true, sourcesContent: false, plugins },
  )
  return `${outdir}/main.mjs`
}

if (import.meta.main) console.log(await bundleOperator())
