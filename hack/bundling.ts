import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Bundles programs for a Node that has nothing installed, as ES modules `dist/<folder>/<name>.mjs`.
 *
 * @param entryPoints sources by the names of the programs
 * @param more what only these programs need
 * @returns the folder
 */
export async function bundlePrograms(
  folder: string,
  entryPoints: Readonly<Record<string, string>>,
  more: BuildOptions = {},
): Promise<string> {
  const outdir = join(root, 'dist', folder)
  await rm(outdir, { recursive: true, force: true })
  await build({
    entryPoints: { ...entryPoints },
    absWorkingDir: root,
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    legalComments: 'none',
    logLevel: 'warning',
    // CommonJS dependencies ask for Node's modules by require, which an ES module does not have.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    ...more,
  })
  return outdir
}
