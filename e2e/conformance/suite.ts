import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Check, Results } from './compare.ts'
import type { Leg } from './legs.ts'

const suite = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js')

/** What one run of the suite came to: all checks, and whether every scored scenario passed. */
export type SuiteRun = { readonly results: Results; readonly passed: boolean }

/** `server-<scenario>-<time stamp>` to the name of the scenario. */
export const scenarioOf = (folder: string): string =>
  folder.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')

type WrittenCheck = { readonly id: string; readonly status: string; readonly errorMessage?: string }

/** The checks that the suite wrote down; it leaves the file out when the scenario itself broke off. */
async function checksOf(file: string): Promise<Check[]> {
  if (!existsSync(file)) return [{ id: '(scenario)', status: 'broke off' }]
  const written = JSON.parse(await readFile(file, 'utf8')) as WrittenCheck[]
  return written.map(({ id, status, errorMessage }) => ({
    id,
    status,
    ...(errorMessage !== undefined && { message: errorMessage }),
  }))
}

/**
 * Runs the official suite against an MCP endpoint.
 *
 * @param output folder that the run may empty and fill; what the suite prints is left there as `log.txt`
 */
export async function runSuite(leg: Leg, url: string, output: string): Promise<SuiteRun> {
  await rm(output, { recursive: true, force: true })
  await mkdir(output, { recursive: true })
  const child = spawn(process.execPath, [suite, 'server', '--url', url, ...leg.args, '-o', output], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  await writeFile(join(output, 'log.txt'), Buffer.concat(said))
  const folders = (await readdir(output, { withFileTypes: true })).filter(entry => entry.isDirectory())
  const results = new Map<string, Check[]>()
  for (const { name } of folders) results.set(scenarioOf(name), await checksOf(join(output, name, 'checks.json')))
  return { results, passed: code === 0 }
}
