import type { Steps } from '../../exchange.ts'
import { elements, members, root, type Span, textOf } from '../../mcp/spans.ts'
import { type Edit, replaceSpan, splice } from '../../mcp/splice.ts'
import type { Change } from './inspect.ts'

/** What is to be changed below a value, by name or index; or the change of the value itself. */
type Tree = Map<string | number, Tree> | Change

/** Bytes and edits after which others get a turn. */
const TURN = 1 << 16
const EDIT = 256

/** The message with every change made. Only the tokens of the changed strings differ; each is written as JSON anew. */
export function* rewrite(bytes: Buffer, changes: readonly Change[]): Steps<Buffer> {
  if (bytes.length > TURN) yield
  const writer = new Writer(bytes)
  yield* writer.below(root(bytes), treeOf(changes))
  if (bytes.length > TURN) yield
  if (writer.edits.length !== changes.length) throw new Error('a string that was judged is not in the message')
  return splice(bytes, writer.edits)
}

function treeOf(changes: readonly Change[]): Tree {
  const tree: Tree = new Map()
  for (const change of changes) {
    const { path } = change
    let inner = tree
    for (const step of path.slice(0, -1)) {
      const next = inner.get(step) ?? new Map<string | number, Tree>()
      if (!(next instanceof Map)) throw new Error('a string holds no other')
      inner.set(step, next)
      inner = next
    }
    inner.set(path.at(-1)!, change)
  }
  return tree
}

/** Goes down where something is to be changed, in the order of the bytes. */
class Writer {
  readonly edits: Edit[] = []
  readonly #bytes: Buffer
  #sinceTurn = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  *below(span: Span, wanted: Tree): Steps<void> {
    if (!(wanted instanceof Map)) return this.#replace(span, wanted)
    const list = elements(this.#bytes, span)
    for (const [index, element] of list.entries()) yield* this.#inner(element, wanted.get(index))
    for (const { name, value } of members(this.#bytes, span)) yield* this.#inner(value, wanted.get(name))
  }

  *#inner(value: Span, wanted: Tree | undefined): Steps<void> {
    this.#sinceTurn += value.end - value.start
    if (wanted !== undefined) yield* this.below(value, wanted)
    if (this.#sinceTurn < TURN) return
    this.#sinceTurn = 0
    yield
  }

  #replace(span: Span, { from, to }: Change): void {
    if (textOf(this.#bytes, span) !== from) throw new Error('what stands there is not what was judged')
    this.edits.push(replaceSpan(span, JSON.stringify(to)))
    this.#sinceTurn += EDIT
  }
}
