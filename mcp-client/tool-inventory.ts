import { createHash, hash } from 'node:crypto'
import { isFields } from './json-rpc.ts'
import type { ToolDefinition } from './tool-list.ts'

/** Longer names are shown to no caller, so they need not be kept. */
const maxName = 128
/** Levels of a definition that are compared; a gateway hands out none that is nested deeper. */
const maxDepth = 64

const byText = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0)

/** Takes a value as a text that does not depend on the order of members, in pieces: the whole of it would be as large again as the definition. */
function spell(value: unknown, add: (piece: string) => void, depth = 0): void {
  if (depth > maxDepth) return add('…')
  if (Array.isArray(value)) {
    add('[')
    value.forEach((item, at) => {
      if (at > 0) add(',')
      spell(item, add, depth + 1)
    })
    return add(']')
  }
  if (!isFields(value)) return add(JSON.stringify(value))
  add('{')
  Object.entries(value)
    .sort(byText)
    .forEach(([name, item], at) => {
      add(`${at > 0 ? ',' : ''}${JSON.stringify(name)}:`)
      spell(item, add, depth + 1)
    })
  add('}')
}

/** Characters that are hashed at once. */
const piece = 16_384

function digestOf(tool: ToolDefinition): string {
  const sha = createHash('sha256')
  let text = ''
  spell(tool, more => {
    text += more
    if (text.length < piece) return
    sha.update(text)
    text = ''
  })
  return sha.update(text).digest('base64')
}

/** What remains of a list of tools while it is read: names, and a digest of each definition. */
export class ToolInventory {
  readonly #names = new Set<string>()
  readonly #digests: string[] = []

  readonly take = (tool: ToolDefinition): void => {
    this.#digests.push(digestOf(tool))
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
