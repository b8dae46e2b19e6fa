import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Where the bundle of the gateway starts. */
export const gatewayBundle = `${root}dist/gateway/main.mjs`

/**
 * Bundles the gateway as its image has it: one folder of ES modules that needs nothing installed. What is imported lazily stays in files of
 * its own, so that it costs memory only when it is used.
 *
 * Identifiers keep their names, since stack traces and profiles are read by people.
 */
export async function bundleGateway(): Promise<string> {
  await rm(`${root}dist/gateway`, { recursive: true, force: true })
  await build({
    entryPoints: { main: `${root}gateway/main.ts` },
    outdir: `${root}dist/gateway`,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    // prom-client is CommonJS and asks for Node's own modules by require, which an ES module does not have.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  })
  return gatewayBundle
}

if (import.meta.main) console.log(await bundleGateway())
