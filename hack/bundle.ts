import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'
import { bundlePrograms } from './bundling.ts'
import { pattern } from '../gateway/config/pattern.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Node's modules that cost megabytes when they are loaded: a mere `import` of `node:http` reads a getter that loads Node's own fetch (6 MiB),
 * the others bring TLS and HTTP/2 (3 and 4 MiB).
 */
const heavy = ['http', 'https', 'http2', 'tls']

/** Loads a heavy module of Node when one of its exports is first read. */
const heavyLater: Plugin = {
  name: 'heavy modules of Node later',
  setup(bundle) {
    bundle.onResolve({ filter: pattern(`^(node:)?(${heavy.join('|')})$`) }, ({ path }) => ({
      path: path.replace('node:', ''),
      namespace: 'later',
    }))
    bundle.onLoad({ filter: /^/, namespace: 'later' }, ({ path }) => {
      const names = Object.getOwnPropertyNames(process.getBuiltinModule(`node:${path}`))
      const getters = names.map(name => `get ${name}() { return load().${name} }`)
      return {
        contents: `let it; const load = () => it ??= process.getBuiltinModule('node:${path}'); module.exports = { ${getters.join(', ')} }`,
      }
    })
  },
}

/** Of undici the pool alone; a further name that the gateway imports from it ends the build. */
const poolAlone: Plugin = {
  name: 'the pool of undici alone',
  setup(bundle) {
    bundle.onResolve({ filter: /^undici$/ }, ({ importer }) =>
      importer.includes('node_modules') ? undefined : { path: 'undici', namespace: 'pool' },
    )
    bundle.onLoad({ filter: /^/, namespace: 'pool' }, () => ({
      resolveDir: root,
      contents: `export { default as Pool } from 'undici/lib/dispatcher/pool.js'
export { default as buildConnector } from 'undici/lib/core/connect.js'`,
    }))
    bundle.onLoad({ filter: /undici\/lib\/dispatcher\/client-h2\.js$/ }, () => ({
      contents: `module.exports = () => { throw new Error('HTTP/2 is not in this bundle') }`,
    }))
  },
}

/** zod's error texts in English only. */
const englishAlone: Plugin = {
  name: 'zod in English alone',
  setup(bundle) {
    bundle.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({ contents: 'export {}' }))
  },
}

/**
 * Bundles the gateway as its image has it: one folder of ES modules that needs nothing installed. What is imported lazily stays in files of
 * its own, so that it costs memory only when it is used.
 *
 * Identifiers keep their names, since stack traces and profiles are read by people.
 *
 * @param folder below `dist`: a test that bundles takes one of its own, since another would remove it below its feet
 * @returns the file to run
 */
export async function bundleGateway(folder = 'gateway'): Promise<string> {
  const made = await bundlePrograms(
    folder,
    { main: 'gateway/main.ts' },
    { splitting: true, minifyWhitespace: true, plugins: [heavyLater, poolAlone, englishAlone] },
  )
  return `${made}/main.mjs`
}

if (import.meta.main) console.log(await bundleGateway())
