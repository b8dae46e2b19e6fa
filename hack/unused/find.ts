import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { z } from 'zod'

const named = z.array(z.object({ name: z.string(), line: z.number().optional() })).default([])

/** What is read of knip's JSON report: for each file what is wrong in it, by kind. */
const report = z.object({
  issues: z.array(
    z.object({
      file: z.string(),
      files: named,
      exports: named,
      types: named,
      dependencies: named,
      devDependencies: named,
      unlisted: named,
      unresolved: named,
    }),
  ),
})

type Finding = { readonly says: string; readonly remedy: string }

const knip = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'knip')

/** Runs knip with a configuration that lies beside this file. Throws with its words when it cannot judge. */
function judge(root: string, configuration: string, kinds: string): Finding[] {
  const args = ['--no-progress', '--no-exit-code', '--no-config-hints', '--reporter', 'json', '--include', kinds]
  const said = execFileSync(knip, [...args, '--config', join(import.meta.dirname, configuration)], {
    cwd: root,
    encoding: 'utf8',
  })
  return report.parse(JSON.parse(said)).issues.flatMap(issue => {
    const all = (kind: Exclude<keyof typeof issue, 'file'>, what: string, remedy: string): Finding[] =>
      issue[kind].map(({ name, line }) => ({
        says: `${issue.file}${line === undefined ? '' : `:${line}`}: ${what.replace('%', name)}`,
        remedy,
      }))
    const exception = (role: string): string => `or name it in hack/unused/everything.jsonc if it is ${role}`
    return [
      ...all('files', 'unused file', `remove it, ${exception('started as a program')}`),
      ...all('exports', 'unused export "%"', 'remove it'),
      ...all('types', 'unused type "%"', 'remove it'),
      ...all('dependencies', 'unused package "%"', `npm uninstall it, ${exception('run as a command')}`),
      ...all('devDependencies', 'unused package "%"', `npm uninstall it, ${exception('run as a command')}`),
      ...all('unlisted', 'package "%" is not in package.json', 'npm install it'),
      ...all('unresolved', 'there is no "%"', 'correct the import'),
    ]
  })
}

/**
 * What the tree at `root` has and does not use: files, exports, packages; and what of the product only tests use.
 * @returns a line for each: where it is, what it is, and what to do about it
 */
export function findUnused(root: string): string[] {
  const dead = judge(root, 'everything.jsonc', 'files,exports,types,dependencies,unlisted,unresolved')
  const known = new Set(dead.map(({ says }) => says))
  const tested = judge(root, 'product.jsonc', 'files,exports,types')
    .filter(({ says }) => !known.has(says))
    .map(({ says }) => ({ says: `${says} (only tests use it)`, remedy: 'remove it and its tests, or move it to them' }))
  return [...dead, ...tested].map(({ says, remedy }) => `${says}: ${remedy}`).toSorted()
}
