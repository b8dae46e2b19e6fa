import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { compare, inconsistent, type Side } from './tree/same-tests.ts'

/** `same-tests.ts BASE [NAME…]`: whether tests differ from BASE in imports and names only. A NAME may have become several, or several it. */
const [range = 'HEAD', ...mixed] = process.argv.slice(2)
const [base = '', head] = range.split('..')
const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
const lines = (text: string): string[] => text.split('\n').filter(line => line !== '')

const filesAt = (commit?: string): string[] =>
  commit === undefined
    ? lines(git('ls-files', '--cached', '--others', '--exclude-standard')).filter(file => existsSync(file))
    : lines(git('ls-tree', '-r', '--name-only', commit))

/** Reads files of a commit, or of the working tree, and knows their paths: whole, or relative to what the text says. */
function revision(commit?: string): (file: string) => Side {
  const ends = new Set<string>()
  for (const file of filesAt(commit)) {
    const parts = file.split('/')
    parts.forEach((_, at) => ends.add(parts.slice(at).join('/')).add(parts.slice(0, at + 1).join('/')))
  }
  return file => ({
    file,
    text: commit === undefined ? readFileSync(file, 'utf8') : git('show', `${commit}:${file}`),
    knows: path => ends.has(path.replace(/^(?:\.{1,2}\/)+/, '')) || ends.has(posix.join(posix.dirname(file), path)),
  })
}

const [before, after] = [revision(base), revision(head)]
const changes = lines(git('diff', '--name-status', '-M30%', '-l0', base, ...(head === undefined ? [] : [head])))
const isTest = (file: string): boolean => file.endsWith('.test.ts')
const rows = changes.map(line => line.split('\t')).filter(row => row.slice(1).some(isTest))
const alone = rows.filter(([status]) => /^[AD]/.test(status!)).map(([status, file]) => `${file!}: ${status!}`)
const found = rows
  .filter(([status]) => /^[MR](?!100)/.test(status!))
  .map(([, old, now = old]) => compare(before(old!), after(now!)))

const names = found.flatMap(one => one.names)
const renames = [...new Set(names.filter(({ old, now }) => old !== now).map(({ old, now }) => `${old} => ${now}`))]
const mixtures = inconsistent(names).filter(line => !mixed.includes(line.split(' ')[0]!.replace('.', '')))
const differences = [...alone, ...found.flatMap(one => one.others), ...mixtures]
const print = (title: string, all: readonly string[]): void =>
  console.log([`${title}: ${all.length}`, ...all].join('\n  '))
print(`${found.length} changed test files; names`, renames.toSorted())
print(
  'paths in texts',
  found.flatMap(one => one.paths),
)
print('other differences', differences)
if (differences.length > 0) process.exitCode = 1
