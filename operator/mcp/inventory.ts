import { hash } from 'node:crypto'
import { isFields } from './answer.ts'
import type { Tool } from './tool-list.ts'

/** Longer names are shown to no caller, so they need not be kept. */
const maxName = 128
/** Levels of a definition that are compared; a gateway hands out none that is nested deeper. */
const maxDepth = 64

const byText = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0)

/** A value as a text that does not depend on the order of members. */
function canonical(value: unknown, depth = 0): string {
  if (depth > maxDepth) return '…'
  if (Array.isArray(value)) return `[${value.map(item => canonical(item, depth + 1)).join(',')}]`
  if (!isFields(value)) return JSON.stringify(value)
  const members = Object.entries(value).sort(byText)
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item, depth + 1)}`).join(',')}}`
}

/** What remains of a list of tools while it is read: names, and a digest of each definition. */
export class Inventory {
  readonly #names = new Set<string>()
  readonly #digests: string[] = []

  readonly take = (tool: Tool): void => {
    this.#digests.push(hash('sha256', canonical(tool), 'base64'))
    if (tool.name.length <= maxName) this.#names.add(tool.name)
  }

  /** In order, each once. */
  get names(): string[] {
    return [...this.#names].sort()
  }

  /** Changes when the name or the definition of a tool does, not with their order. */
  get hash(): string {
    return hash('sha256', this.#digests.toSorted().join(), 'hex')
  }
}
