import { existsSync } from 'node:fs'
import { cp, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { z } from 'zod'

/**
 * node hack/bench/make-version.ts TREE FOLDER
 *
 * Makes of the tree of another commit what the benchmark needs of it: its bundle, its flags of Node, and its own launcher with its chain A. A process of
 * its own, since the tree brings modules of the same names. Of that tree three files are asked for, those of `needed` with the functions named there.
 */
const needed = { bundleGateway: 'hack/bundle.ts', gatewayFlags: 'hack/flags.ts', bartizan: 'hack/bench/bartizan.ts' }

const [tree = '', folder = ''] = process.argv.slice(2)

const isFunction = (value: unknown): value is () => unknown => typeof value === 'function'

async function call(name: keyof typeof needed): Promise<unknown> {
  const module: unknown = await import(pathToFileURL(join(tree, needed[name])).href)
  const found = z.record(z.string(), z.unknown()).parse({ ...Object(module) })[name]
  if (!isFunction(found)) throw new Error(`${needed[name]} has no function ${name}`)
  return found()
}

async function make(): Promise<void> {
  for (const file of Object.values(needed)) if (!existsSync(join(tree, file))) throw new Error(`there is no ${file}`)
  const entry = z.string().parse(await call('bundleGateway'))
  const flags = z.array(z.string()).parse(await call('gatewayFlags'))
  await cp(dirname(entry), join(folder, 'gateway'), { recursive: true })
  await writeFile(join(folder, 'flags.json'), JSON.stringify({ flags }))
  await build({
    entryPoints: [join(tree, needed.bartizan)],
    absWorkingDir: tree,
    outfile: join(folder, 'driver/bartizan.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'error',
  })
}

await make().catch((reason: unknown) => {
  process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`)
  process.exitCode = 1
})
