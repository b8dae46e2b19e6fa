import { parseSync } from 'vite'

/** One test file before or after. `knows` says of a text whether it is a path, of then or now, of a file or folder. */
export type Side = { readonly file: string; readonly text: string; readonly knows: (path: string) => boolean }

/** A name and what it became. Names of properties begin with a dot. */
type Rename = { readonly old: string; readonly now: string; readonly place: string }

/** All that differs, as `file:line: before => after`, and every name, changed or not. */
export type Differences = { readonly names: Rename[]; readonly paths: string[]; readonly others: string[] }

type Members = Readonly<Record<string, unknown>>
type Node = Members & { readonly type: string; readonly start: number }

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null
const isNode = (value: unknown): value is Node => isObject(value) && typeof value['type'] === 'string'
const isName = (node: unknown): node is Node => isNode(node) && /^(?:Private)?Identifier$/.test(node.type)
const isImport = (value: unknown): boolean => isNode(value) && value.type === 'ImportDeclaration'

/** Members that say where something stands or how it is spelled, not what it is; `{ a: a }` and `{ a }` are one. */
const ignored = new Set(['start', 'end', 'range', 'raw', 'shorthand', 'parent'])
const pathLike = /(?:\.{1,2}\/)*[\w@.-]+(?:\/[\w@.-]+)*/g
const withoutPaths = (text: string, { knows }: Side): string =>
  text.replaceAll(pathLike, path => (knows(path) ? '<path>' : path))
const show = (value: unknown): string => (isNode(value) ? value.type : (JSON.stringify(value) ?? 'nothing'))

/** Walks the syntax trees of one file side by side. Imports, comments and layout do not count. */
export function compare(before: Side, after: Side): Differences {
  const found: Differences = { names: [], paths: [], others: [] }
  const place = (node: Node): string => `${after.file}:${after.text.slice(0, node.start).split('\n').length}`

  function leaves(old: unknown, now: unknown, at: Node): void {
    if (old === now) return
    const isText = typeof old === 'string' && typeof now === 'string'
    const kind = isText && withoutPaths(old, before) === withoutPaths(now, after) ? 'paths' : 'others'
    found[kind].push(`${place(at)}: ${show(old)} => ${show(now)}`)
  }

  function lists(old: readonly unknown[], now: readonly unknown[], at: Node): void {
    const [olds, nows] = [old.filter(one => !isImport(one)), now.filter(one => !isImport(one))]
    if (olds.length !== nows.length) leaves(`${olds.length} parts`, `${nows.length} parts`, at)
    else olds.forEach((one, index) => visit(one, nows[index], at, false))
  }

  function visit(old: unknown, now: unknown, at: Node, isMember: boolean): void {
    if (isName(old) && isName(now)) {
      const dot = isMember || old.type === 'PrivateIdentifier' ? '.' : ''
      const [from, to] = [old, now].map(({ name }) => `${dot}${String(name)}`)
      found.names.push({ old: from!, now: to!, place: place(now) })
    }
    walk(old, now, at)
  }

  /** `at` is the nearest node above in the new tree. */
  function walk(old: unknown, now: unknown, at: Node): void {
    if (Array.isArray(old) && Array.isArray(now)) lists(old, now, at)
    else if (!isObject(old) || !isObject(now)) leaves(old, now, at)
    else if (old['type'] !== now['type']) leaves(show(old), show(now), isNode(now) ? now : at)
    else members(old, now, isNode(now) ? now : at)
  }

  function members(old: Members, now: Members, at: Node): void {
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
      const [from, to] = [old[key], now[key]]
      const isMember = /^(?:property|key)$/.test(key) && old['computed'] !== true
      if (!ignored.has(key) && !(isName(old) && key === 'name')) visit(from, to, at, isMember)
    }
  }

  const [old, now] = [before, after].map(({ file, text }) => parseSync(file, text).program as unknown as Node)
  walk(old, now, now!)
  return found
}

/** What a renaming of one thing cannot explain: a name that became several, and several that became one. */
export function inconsistent(names: readonly Rename[]): string[] {
  const several = (key: 'old' | 'now', other: 'now' | 'old', says: string): string[] =>
    [...Map.groupBy(names, name => name[key])].flatMap(([name, all]) => {
      const others = new Map(all.toReversed().map(one => [one[other], `${one[other]} (${one.place})`]))
      return others.size > 1 ? [`${name} ${says} ${[...others.values()].toSorted().join(', ')}`] : []
    })
  return [...several('old', 'now', 'became'), ...several('now', 'old', 'was')]
}
