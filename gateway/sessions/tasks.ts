import { packed, unpacked, type Binder } from './binder.ts'
import type { Era, Principal } from '../exchange.ts'

/** A task of the server, as a caller may know it. */
export type HeldTask = {
  /** The server's own id. */
  readonly id: string
  /** The tool whose call made it; empty when it was another request. */
  readonly tool: string
}

/** The tasks of one server: what their ids mean to whom, and which of them this gateway has seen. */
export type Tasks = {
  /** The id that the holder gets: always the same one. Undefined for an id that is too long to be given out. */
  seal(principal: Principal, task: HeldTask): string | undefined
  /** Undefined for anything that was not sealed for this principal. */
  open(principal: Principal, sealed: string): HeldTask | undefined
  /** @param progress the raw token under which the request that made the task asked for progress */
  note(principal: Principal, task: HeldTask, progress?: string): void
  /** The task that this principal was seen to hold. */
  seen(principal: Principal, id: string): HeldTask | undefined
  /** Whether a task of this principal may report progress under this raw token. */
  reports(principal: Principal, progress: string): boolean
  /** A task that a client runs for the server: the id is the client's own. */
  noteOfClient(principal: Principal, id: string): void
  isOfClient(principal: Principal, id: string): boolean
  /** Whether any principal was seen to hold this task of the server. */
  isHeld(id: string): boolean
  /** What the server said of itself in this era, or showed. */
  declare(era: Era, hasTasks: boolean): void
  /** False only when the server said that it has no tasks: then its methods are as unknown to it as to us. */
  mayHaveTasks(era: Era): boolean
}

/** Ids of servers that are longer are not given out: what is sealed has to fit into a header (`Mcp-Name`). Characters. */
const maxTaskId = 512

/** What callers chose is remembered up to this length: names of tools, tokens for progress. Characters. */
const maxChosen = 512

/** Tasks that are remembered for one principal and for all. */
const maxOfPrincipal = 256
const maxOfAll = 4096

/** Whose something is: what ends with the principal. */
export const holderOf = ({ id }: Principal): string => id

/**
 * The letters of a sealed id, one for each half of a byte: no digits, vowels or signs, so that no detector, which judges the message in which it
 * stands, takes it for a number, a word or a key.
 */
const letters = 'bcdfghjklmnpqrst'

const spelled = (bytes: Buffer): string => {
  let text = ''
  for (const byte of bytes) text += letters[byte >> 4]! + letters[byte & 15]!
  return text
}

function unspelled(text: string): Buffer | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = Buffer.allocUnsafe(text.length / 2)
  for (let at = 0; at < bytes.length; at += 1) {
    const high = letters.indexOf(text[2 * at]!)
    const low = letters.indexOf(text[2 * at + 1]!)
    if (high < 0 || low < 0) return undefined
    bytes[at] = (high << 4) | low
  }
  return bytes
}

/** The longest sealed id there can be; anything longer is not looked at. */
const maxSealed = 16 * 1024

type SeenTask = HeldTask & { readonly progress: string | undefined }

/** A bounded memory, the oldest go first. */
class BoundedTasks {
  readonly #ofPrincipal = new Map<string, Map<string, SeenTask>>()
  /** How many hold each. */
  readonly #holders = new Map<string, number>()
  #size = 0

  get(holder: string, id: string): SeenTask | undefined {
    return this.#ofPrincipal.get(holder)?.get(id)
  }

  /** By any caller. */
  isHeld(id: string): boolean {
    return this.#holders.has(id)
  }

  all(holder: string): Iterable<SeenTask> {
    return this.#ofPrincipal.get(holder)?.values() ?? []
  }

  set(holder: string, id: string, seen: SeenTask): void {
    const own = this.#ofPrincipal.get(holder) ?? new Map<string, SeenTask>()
    if (own.delete(id)) this.#size -= 1
    else this.#holders.set(id, (this.#holders.get(id) ?? 0) + 1)
    own.set(id, seen)
    this.#size += 1
    // Last is who was active last, so that the first one to lose something is the one that was silent for longest.
    this.#ofPrincipal.delete(holder)
    this.#ofPrincipal.set(holder, own)
    if (own.size > maxOfPrincipal) this.#forget(holder, own)
    while (this.#size > maxOfAll) this.#forget(...this.#ofPrincipal.entries().next().value!)
  }

  #forget(holder: string, own: Map<string, SeenTask>): void {
    const id = own.keys().next().value!
    own.delete(id)
    this.#size -= 1
    const left = this.#holders.get(id)! - 1
    if (left > 0) this.#holders.set(id, left)
    else this.#holders.delete(id)
    if (own.size === 0) this.#ofPrincipal.delete(holder)
  }
}

/** What was seen outlives a rotated guard. */
export type TaskMemory = {
  readonly server: BoundedTasks
  readonly client: BoundedTasks
  readonly declared: Map<Era, boolean>
}

export const taskMemory = (): TaskMemory => ({
  server: new BoundedTasks(),
  client: new BoundedTasks(),
  declared: new Map(),
})

export function tasksOf(binder: Binder, memory: TaskMemory): Tasks {
  const kind = (principal: Principal): string => `task ${holderOf(principal)}`
  return {
    seal(principal, { id, tool }) {
      return id.length > maxTaskId || tool.length > maxChosen
        ? undefined
        : spelled(binder.seal(kind(principal), packed([id, tool])))
    },
    open(principal, sealed) {
      const bytes = sealed.length > maxSealed ? undefined : unspelled(sealed)
      const text = bytes && binder.open(kind(principal), bytes)
      if (text === undefined) return undefined
      const [id = '', tool = ''] = unpacked(text)
      return { id, tool }
    },
    note(principal, { id, tool }, progress) {
      const holder = holderOf(principal)
      if (id.length > maxTaskId || tool.length > maxChosen) return
      const fits = progress !== undefined && progress.length <= maxChosen
      const known = fits ? progress : memory.server.get(holder, id)?.progress
      memory.server.set(holder, id, { id, tool, progress: known })
    },
    seen: (principal, id) => memory.server.get(holderOf(principal), id),
    reports(principal, progress) {
      for (const seen of memory.server.all(holderOf(principal))) if (seen.progress === progress) return true
      return false
    },
    noteOfClient(principal, id) {
      if (id.length <= maxTaskId) memory.client.set(holderOf(principal), id, { id, tool: '', progress: undefined })
    },
    isHeld: id => memory.server.isHeld(id),
    // A client that claims a task of the server as its own does not get it.
    isOfClient: (principal, id) =>
      memory.client.get(holderOf(principal), id) !== undefined && !memory.server.isHeld(id),
    declare(era, hasTasks) {
      if (hasTasks || !memory.declared.has(era)) memory.declared.set(era, hasTasks)
    },
    // One store of tasks may stand behind both eras of a server, so what it says in one counts in the other.
    mayHaveTasks: era => memory.declared.get(era) !== false || [...memory.declared.values()].includes(true),
  }
}
