import type { Steps } from '../../exchange.ts'
import { members, root, type Span, textOf } from '../../mcp/spans.ts'
import { type Edit, replaceSpan, splice } from '../../mcp/splice.ts'
import { openBracket, skipSpace, valueEnd } from '../../mcp/tokens.ts'
import type { Change } from './inspect.ts'

/** What is to be changed below a value, by name or index; or the change of the value itself. */
type Tree = Map<string | number, Tree> | Change

/** Bytes and edits after which others get a turn. */
const TURN = 1 << 16
const EDIT = 256
const CHANGES = 2048

/** The message with every change made. Only the tokens of the changed strings differ; each is written as JSON anew. */
export function* rewrite(bytes: Buffer, changes: readonly Change[]): Steps<Buffer> {
  if (bytes.length > TURN) yield
  const writer = new Writer(bytes)
  yield* writer.below(root(bytes), yield* treeOf(changes))
  if (bytes.length > TURN) yield
  if (writer.edits.length !== changes.length) throw new Error('a string that was judged is not in the message')
  return splice(bytes, writer.edits)
}

function* treeOf(changes: readonly Change[]): Steps<Tree> {
  const tree: Tree = new Map()
  for (const [index, change] of changes.entries()) {
    if (index > 0 && index % CHANGES === 0) yield
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
    if (this.#bytes[span.start] === openBracket) yield* this.#elements(span, wanted)
    for (const { name, value } of members(this.#bytes, span)) {
      if (this.#isLong(value)) yield
      const inner = wanted.get(name)
      if (inner !== undefined) yield* this.below(value, inner)
    }
  }

  *#elements({ start, end }: Span, wanted: ReadonlyMap<string | number, Tree>): Steps<void> {
    let at = skipSpace(this.#bytes, start + 1)
    for (let index = 0; at < end - 1; index++) {
      const element = { start: at, end: valueEnd(this.#bytes, at) }
      if (element.end === at) return
      if (this.#isLong(element)) yield
      const inner = wanted.get(index)
      if (inner !== undefined) yield* this.below(element, inner)
      at = skipSpace(this.#bytes, skipSpace(this.#bytes, element.end) + 1)
    }
  }

  /** Whether with this one so much was read that others get a turn. */
  #isLong({ start, end }: Span): boolean {
    this.#sinceTurn += end - start
    if (this.#sinceTurn < TURN) return false
    this.#sinceTurn = 0
    return true
  }

  #replace(span: Span, { from, to }: Change): void {
    if (textOf(this.#bytes, span) !== from) throw new Error('what stands there is not what was judged')
    this.edits.push(replaceSpan(span, JSON.stringify(to)))
    this.#sinceTurn += EDIT
  }
}
