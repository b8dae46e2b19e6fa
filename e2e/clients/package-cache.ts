import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const cache = join(import.meta.dirname, '../../node_modules/.cache/bartizan-clients')

/**
 * Installs a package apart from the project, once: real clients are hundreds of megabytes that nobody else needs.
 *
 * @returns the folder of the package
 */
export async function installed(name: string, version: string): Promise<string> {
  const prefix = join(cache, `${name}@${version}`.replaceAll(/[/@]/g, '_'))
  const folder = join(prefix, 'node_modules', name)
  if (existsSync(join(folder, 'package.json'))) return folder
  await mkdir(prefix, { recursive: true })
  await writeFile(join(prefix, 'package.json'), '{"private":true}')
  const options = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel', 'error']
  await promisify(execFile)('npm', ['install', '--prefix', prefix, ...options, `${name}@${version}`], { cwd: prefix })
  return folder
}
