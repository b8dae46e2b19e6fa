import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from '../program.ts'

/** Bundles what runs in the pods of the tests into `dist/e2e`: the server, and those that call it from inside the cluster. */
export async function bundlePods(): Promise<void> {
  const outdir = join(root, 'dist', 'e2e')
  await rm(outdir, { recursive: true, force: true })
  const folder = import.meta.dirname
  await build({
    entryPoints: Object.fromEntries(
      ['server', 'hostile', 'client', 'load', 'probe'].map(name => [name, join(folder, name, 'main.ts')]),
    ),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'warning',
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  })
}
