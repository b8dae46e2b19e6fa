import type { Denial, Message, ReadLimits } from '../../exchange.ts'
import { readAnswer } from '../../mcp/message.ts'
import { elements, member, type Span } from '../../mcp/spans.ts'
import { removeElements, replaceSpan, splice, type Edit } from '../../mcp/splice.ts'
import { isAboutTask, isTaskStatus, tasksInAnswer, valueAt, type TaskPlace } from '../../mcp/task-ids.ts'
import type { HeldTask } from '../../sessions/tasks.ts'
import type { CallControl } from './answer.ts'
import { pendingUnder, progressTokenOf, toolOf, type PendingRequest } from '../pending-request.ts'
import { pendingRequests } from '../admitted-call.ts'
import { toolRefusal } from '../decision/task-policy.ts'

/** A message of the server with the ids in it that this caller may hold; or why it is not for them. */
export type Sealed =
  | { readonly message: Message }
  | { readonly denied: Denial }
  /** It is about something that this caller does not hold. */
  | { readonly dropped: string }

const stage = 'tasks'

/** The one revision with sessions whose servers say whether they have tasks. */
const taskRevision = '2025-11-25'

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** What this server says of itself, for requests that come later. */
function learn({ server, caller: { era } }: CallControl, asked: PendingRequest, { result }: Message): void {
  const { method } = asked
  if (method !== 'initialize' && method !== 'server/discover') return
  const { capabilities, protocolVersion } = (result ?? {}) as {
    capabilities?: { tasks?: unknown; extensions?: unknown }
    protocolVersion?: unknown
  }
  if (!isObject(capabilities)) return
  const extensions = (capabilities.extensions ?? {}) as Record<string, unknown>
  const declared = method === 'initialize' ? capabilities.tasks : extensions['io.modelcontextprotocol/tasks']
  const hasTasks = isObject(declared)
  // Revisions without tasks name none: a caller who asks for one would otherwise have it said of all.
  const silent = method === 'initialize' && protocolVersion !== taskRevision
  if (hasTasks || !silent) server.tasks.declare(era, hasTasks)
}

/**
 * Puts the caller's task ids in place of the server's. Runs before the stages, so that what is judged is what is sent. Nearly every message names
 * no task and comes back as it is.
 */
export function sealTasks(call: CallControl, message: Message, limits: ReadLimits): Sealed {
  const asked = message.shape === 'response' ? pendingUnder(pendingRequests(call.admitted), message.id) : undefined
  if (asked !== undefined) learn(call, asked, message)
  const places = tasksInAnswer(message)
  if (places.length === 0 && asked?.method !== 'tasks/list') return { message }
  return new Sealing(call, message, asked, limits).sealed(places)
}

class Sealing {
  readonly #call: CallControl
  readonly #message: Message
  readonly #asked: PendingRequest | undefined
  readonly #limits: ReadLimits

  constructor(call: CallControl, message: Message, asked: PendingRequest | undefined, limits: ReadLimits) {
    this.#call = call
    this.#message = message
    this.#asked = asked
    this.#limits = limits
  }

  sealed(places: readonly TaskPlace[]): Sealed {
    const listed = places.filter(({ kind }) => kind === 'listed')
    const edits: Edit[] = [...this.#list(listed)]
    for (const place of places) {
      if (place.kind === 'listed') continue
      const sealed = this.#idFor(place)
      if (typeof sealed === 'object') return sealed
      if (sealed === undefined) continue
      edits.push(replaceSpan(valueAt(this.#message.bytes, place.path), JSON.stringify(sealed)))
    }
    if (edits.length === 0) return { message: this.#message }
    const bytes = splice(
      this.#message.bytes,
      edits.toSorted((a, b) => a.start - b.start),
    )
    const read = readAnswer(bytes, this.#limits)
    if ('message' in read) return { message: read.message }
    return { denied: { stage, code: 'UpstreamUnreadable', detail: 'a sealed task id made the message too large' } }
  }

  /** The id that stands here for this caller, undefined to leave it, or what becomes of the message. */
  #idFor(place: TaskPlace): string | undefined | Exclude<Sealed, { message: Message }> {
    const held = this.#held(place)
    const { server, caller } = this.#call
    if (held === undefined) {
      const passes = place.kind === 'related' && !server.tasks.isHeld(place.id)
      return passes ? undefined : { dropped: 'a task that this caller was not seen to hold' }
    }
    const isAnswer = this.#message.shape === 'response'
    const refusal = isAnswer ? undefined : toolRefusal(server, caller, held.tool)
    if (refusal) return { dropped: 'a task of a tool that this caller may no longer call' }
    const sealed = this.#seal(held)
    if (sealed !== undefined) return sealed
    return { denied: { stage, code: 'UpstreamUnreadable', detail: 'a task id is too long' } }
  }

  /** The one id that this caller has for the task: as they spelled it just now, or as it is sealed today. */
  #seal(held: HeldTask): string | undefined {
    const opened = this.#call.admitted.tasks.find(({ id }) => id === held.id)
    return opened?.sealed ?? this.#call.server.tasks.seal(this.#call.caller.principal, held)
  }

  /** What this caller holds under the server's id, if they hold it. */
  #held({ kind, id }: TaskPlace): HeldTask | undefined {
    const { admitted, server, caller } = this.#call
    const named = admitted.tasks.find(one => one.id === id)
    if (named !== undefined) return named
    const asked = this.#asked
    const tool = asked && toolOf(asked)
    // The answer to a call makes the task, even if the server once used the id for another.
    if (kind === 'task' && tool !== undefined) return this.#made({ id, tool }, asked)
    const seen = server.tasks.seen(caller.principal, id)
    if (seen !== undefined) return seen
    return kind === 'related' && this.#isOfOther(id) ? undefined : this.#source(id)
  }

  /** The task that a client runs for the server is theirs, and what names a task of another caller does not make it that of a third one. */
  #isOfOther(id: string): boolean {
    const { server, caller } = this.#call
    return server.tasks.isOfClient(caller.principal, id) || server.tasks.isHeld(id)
  }

  /** A task that was not heard of before belongs to what was asked. */
  #source(id: string): HeldTask | undefined {
    const asked = this.#asked
    const source = asked ?? this.#onlyAsked()
    const tool = source && toolOf(source)
    if (tool !== undefined) return this.#made({ id, tool }, source)
    if (asked === undefined) return undefined
    // A server may spell the id of the task that was asked for in another way: a second name, for the same caller and tool.
    if (isAboutTask(asked.method)) return this.#respelled(id)
    return this.#made({ id, tool: '' }, asked)
  }

  #respelled(id: string): HeldTask | undefined {
    const [one] = this.#call.admitted.tasks
    if (one !== undefined && this.#call.server.tasks.isHeld(id)) return undefined
    // It said that it has no tasks, and told one to a caller who holds none.
    if (one === undefined) this.#call.server.tasks.declare(this.#call.caller.era, true)
    return one && this.#made({ id, tool: one.tool }, undefined)
  }

  #made(task: HeldTask, asked: PendingRequest | undefined): HeldTask {
    const { server, caller } = this.#call
    server.tasks.note(caller.principal, task, asked && progressTokenOf(asked))
    server.tasks.declare(caller.era, true)
    return task
  }

  /** What comes on the stream of one request belongs to it. */
  #onlyAsked(): PendingRequest | undefined {
    const asked = pendingRequests(this.#call.admitted).filter(({ shape }) => shape === 'request')
    return asked.length === 1 && !isTaskStatus(this.#message.method) ? asked[0] : undefined
  }

  /** Of a list only what this caller holds stays, and of the tasks of a tool only those whose tool they may call. */
  #list(listed: readonly TaskPlace[]): readonly Edit[] {
    const all = this.#asked?.method === 'tasks/list' || this.#message.shape !== 'response'
    const path = this.#message.shape === 'response' ? ['result', 'tasks'] : ['params', 'notifications', 'taskIds']
    const array = listed.length > 0 || all ? member(this.#message.bytes, path) : undefined
    if (array === undefined) return []
    const { bytes } = this.#message
    const spans = elements(bytes, array)
    const ids = new Map<number, string>()
    for (const { path: at, id } of listed) {
      const sealed = this.#listedId(id)
      if (sealed !== undefined) ids.set(at[path.length] as number, sealed)
    }
    const places = new Set(listed.map(({ path: at }) => at[path.length] as number))
    const keep = (index: number): boolean => ids.has(index) || (!all && !places.has(index))
    const renamed = [...ids].map(([index, sealed]) => replaceSpan(idSpan(bytes, spans[index]!), JSON.stringify(sealed)))
    return [...removeElements(bytes, array, keep), ...renamed]
  }

  #listedId(id: string): string | undefined {
    const { admitted, server, caller } = this.#call
    const held = admitted.tasks.find(one => one.id === id) ?? server.tasks.seen(caller.principal, id)
    if (held === undefined || toolRefusal(server, caller, held.tool)) return undefined
    return this.#seal(held)
  }
}

/** The id in an element of a list: the element itself, or its member. */
function idSpan(bytes: Buffer, element: Span): Span {
  const inside = bytes.subarray(element.start, element.end)
  const found = member(inside, ['taskId'])
  return found === undefined ? element : { start: element.start + found.start, end: element.start + found.end }
}
