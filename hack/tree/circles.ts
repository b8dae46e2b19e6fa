import { posix } from 'node:path'
import { imported, type SourceTexts } from './imports.ts'

/** What each node needs, and one import because of which it does. Targets that are no nodes are ignored. */
export type Graph = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Everything that can be reached from a node; the node itself only if a circle leads back to it. */
function reachable(graph: Graph, from: string): Set<string> {
  const seen = new Set<string>()
  const next = [...graph.get(from)!.keys()]
  for (let node = next.pop(); node !== undefined; node = next.pop()) {
    if (seen.has(node) || !graph.has(node)) continue
    seen.add(node)
    next.push(...graph.get(node)!.keys())
  }
  return seen
}

/** Groups of nodes that need each other in a circle. The nodes of a group are sorted by name. */
export function circles(graph: Graph): string[][] {
  const reach = new Map([...graph.keys()].map(node => [node, reachable(graph, node)]))
  const found = new Map<string, string[]>()
  for (const [node, others] of reach) {
    if (!others.has(node)) continue
    const group = [...others].filter(other => reach.get(other)!.has(node)).toSorted()
    found.set(group[0]!, group)
  }
  return [...found.values()]
}

/** The imports that hold the nodes of a group together, one for each pair. */
export const importsAmong = (graph: Graph, group: readonly string[]): string[] =>
  group.flatMap(node => [...graph.get(node)!].filter(([other]) => group.includes(other)).map(([, because]) => because))

/** Which file imports which. */
export function fileGraph(sources: SourceTexts): Graph {
  return new Map(
    [...sources].map(([file, text]) => [
      file,
      new Map(imported(file, text).map(target => [target, `${file} -> ${target}`])),
    ]),
  )
}

/** The entry of a folder through which a path leads: a file of it, or one of its subfolders. Undefined for a path elsewhere. */
function entryOf(folder: string, path: string): string | undefined {
  const prefix = folder === '.' ? '' : `${folder}/`
  return path.startsWith(prefix) ? path.slice(prefix.length).split('/')[0] : undefined
}

/** The folders in which a file lies, the root of the repository last. */
function foldersOf(file: string): string[] {
  const folder = posix.dirname(file)
  return folder === '.' ? ['.'] : [folder, ...foldersOf(folder)]
}

/** Which entries of one folder need which; a subfolder is one entry, however much is in it. */
function entryGraph(files: Graph, folder: string): Graph {
  const entries = new Map<string, Map<string, string>>()
  for (const [file, targets] of files) {
    const entry = entryOf(folder, file)
    if (entry === undefined) continue
    const needs = entries.get(entry) ?? new Map<string, string>()
    entries.set(entry, needs)
    for (const [target, because] of targets) {
      const other = files.has(target) ? entryOf(folder, target) : undefined
      if (other !== undefined && other !== entry && !needs.has(other)) needs.set(other, because)
    }
  }
  return entries
}

/** The entry graph of every folder that holds a file or a folder of the graph. */
export function entryGraphs(files: Graph): ReadonlyMap<string, Graph> {
  const folders = new Set([...files.keys()].flatMap(foldersOf))
  return new Map([...folders].toSorted().map(folder => [folder, entryGraph(files, folder)]))
}
