import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Bundles the operator as its image has it: one file of JavaScript that needs nothing installed, and its source map, since its stack traces are
 * read by people.
 *
 * @param plugins what tests change in it
 * @returns the file to run
 */
export async function bundleOperator(folder = 'operator', plugins: Plugin[] = []): Promise<string> {
  const outdir = `${root}dist/${folder}`
  await rm(outdir, { recursive: true, force: true })
  await build({
    entryPoints: { main: `${root}operator/main.ts` },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifyWhitespace: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    plugins,
    logLevel: 'warning',
    // CommonJS dependencies ask for Node's modules by require, which an ES module does not have.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  })
  return `${outdir}/main.mjs`
}

if (import.meta.main) console.log(await bundleOperator())
