import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { chosenRendering, type ConfigFile } from '../config/renderings.ts'
import type { ConfigTexts } from '../options.ts'

/** The kubelet swaps this link: read through it once, and both files are of the same moment. */
const kubelet = '..data'

function textOf(folder: string, names: readonly string[], file: ConfigFile): ConfigTexts[ConfigFile] {
  const found = chosenRendering(names, file)
  if (found === undefined) throw new Error(`${folder}: there is no ${file}.json`)
  if ('name' in found) return readFileSync(join(folder, found.name), 'utf8')
  const message = `comes only in schema ${found.unknown.join(', ')}, which this gateway is too old to know: roll it`
  return { path: '', message, reason: 'GatewayOutdated' }
}

/**
 * Reads the two files of a configuration, each in the newest rendering that this gateway knows. One that comes in no such rendering is an issue;
 * the other holds all the same.
 * @throws Error when a file is missing or cannot be read
 */
export function configTexts(folder: string): ConfigTexts {
  const linked = join(folder, kubelet)
  const at = existsSync(linked) ? realpathSync(linked) : folder
  const names = readdirSync(at)
  return { gateway: textOf(at, names, 'gateway'), keys: textOf(at, names, 'keys') }
}
