import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const cache = join(import.meta.dirname, '../../node_modules/.cache/bartizan-clients')

/**
 * Installs a package apart from the project, once: real clients are hundreds of megabytes that nothing else needs.
 *
 * @returns the folder of the package
 */
export async function installed(name: string, version: string): Promise<string> {
  const prefix = join(cache, `${name}@${version}`.replaceAll(/[/@]/g, '_'))
  const folder = join(prefix, 'node_modules', name)
  if (existsSync(join(folder, 'package.json'))) return folder
  await mkdir(cache, { recursive: true })
  // Installed aside and put into place whole: another run may want the same package at the same time.
  const aside = await mkdtemp(`${prefix}-`)
  try {
    await writeFile(join(aside, 'package.json'), '{"private":true}')
    const options = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel', 'error']
    await promisify(execFile)('npm', ['install', '--prefix', aside, ...options, `${name}@${version}`], { cwd: aside })
    await rename(aside, prefix)
  } catch (error) {
    await rm(aside, { recursive: true, force: true })
    if (!existsSync(join(folder, 'package.json'))) throw error
  }
  return folder
}
