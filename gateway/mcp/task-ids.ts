import type { Message } from '../exchange.ts'
import { impersonates } from './names.ts'
import { elements, memberOf, root, type Path, type Span } from './spans.ts'

/** Where a message names a task. */
export type TaskPlace = {
  /** `task`: the message is about it. `related`: its metadata says that it belongs to one. `listed`: it is one of several. */
  readonly kind: 'task' | 'related' | 'listed'
  readonly path: Path
  readonly id: string
}

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const relatedTask = 'io.modelcontextprotocol/related-task'

const none: readonly TaskPlace[] = []

/** Requests that name a task of the server in `params.taskId`. */
const aboutTask: ReadonlySet<string> = new Set(['tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/update'])
/** And the notifications that say how one fares. */
const statusOfTask: ReadonlySet<string> = new Set(['notifications/tasks', 'notifications/tasks/status'])

export const isAboutTask = (method: string | undefined): boolean => method !== undefined && aboutTask.has(method)
export const isTaskStatus = (method: string | undefined): boolean => method !== undefined && statusOfTask.has(method)

const namesRelated = ({ _meta: meta }: Members): boolean =>
  meta !== undefined && isObject(meta) && meta[relatedTask] !== undefined

/** The task that the metadata of `owner` names. */
function relatedIn(owner: Members, path: Path): TaskPlace | undefined {
  const meta = owner._meta
  const related = isObject(meta) ? meta[relatedTask] : undefined
  const id = isObject(related) ? related.taskId : undefined
  return typeof id === 'string' ? { kind: 'related', path: [...path, '_meta', relatedTask, 'taskId'], id } : undefined
}

/** A task as both revisions describe one: other objects may have a `taskId`, too, and they mean what they like. */
const taskIdOf = (value: unknown): string | undefined =>
  isObject(value) && typeof value.taskId === 'string' && typeof value.status === 'string' ? value.taskId : undefined

const collected = (...places: readonly (TaskPlace | undefined)[]): readonly TaskPlace[] =>
  places.filter(place => place !== undefined)

const listedIds = (params: Members): readonly TaskPlace[] => {
  const { notifications } = params
  const ids = isObject(notifications) ? notifications.taskIds : undefined
  if (!Array.isArray(ids)) return none
  return ids.map((id: unknown, at): TaskPlace => {
    // What is no text is the id of no task.
    return { kind: 'listed', path: ['params', 'notifications', 'taskIds', at], id: typeof id === 'string' ? id : '' }
  })
}

const relatedNames: ReadonlySet<string> = new Set(['taskId'])
const listedNames: ReadonlySet<string> = new Set(['taskIds'])

const isDisguised = (value: unknown, known: ReadonlySet<string>): boolean =>
  isObject(value) && Object.keys(value).some(name => impersonates(name, known))

/** Whether a message of a client has a member that some servers would take for the id of a task, and that is spelled as none. */
export function disguisesTask({ method, params, result }: Message): boolean {
  const owner = params ?? result
  if (!isObject(owner)) return false
  const { _meta: meta, notifications } = owner
  if (isObject(meta) && isDisguised(meta[relatedTask], relatedNames)) return true
  return method === 'subscriptions/listen' && isDisguised(notifications, listedNames)
}

/** Where a message of a client names tasks of the server. A client names its own only in what it answers and reports. */
export function tasksInRequest({ shape, method, params, result }: Message): readonly TaskPlace[] {
  if (shape === 'response') return isObject(result) ? collected(relatedIn(result, ['result'])) : none
  if (!isObject(params)) return none
  if (params.taskId === undefined && params.notifications === undefined && !namesRelated(params)) return none
  const own = shape === 'request' && isAboutTask(method) && typeof params.taskId === 'string'
  const places = collected(
    own ? { kind: 'task', path: ['params', 'taskId'], id: params.taskId as string } : undefined,
    relatedIn(params, ['params']),
  )
  return method === 'subscriptions/listen' ? [...listedIds(params), ...places] : places
}

/** The id of the task that a client has begun for the server. */
export function taskOfClient({ shape, result }: Message): string | undefined {
  return shape === 'response' && isObject(result) ? taskIdOf(result.task) : undefined
}

/** Where a message of a server names tasks that are its own. */
export function tasksInAnswer({ shape, method, params, result }: Message): readonly TaskPlace[] {
  if (shape === 'response') return isObject(result) ? tasksInResult(result) : none
  if (!isObject(params)) return none
  if (params.taskId === undefined && params.notifications === undefined && !namesRelated(params)) return none
  const status = shape === 'notification' && isTaskStatus(method) && typeof params.taskId === 'string'
  const places = collected(
    status ? { kind: 'task', path: ['params', 'taskId'], id: params.taskId as string } : undefined,
    relatedIn(params, ['params']),
  )
  return method === 'notifications/subscriptions/acknowledged' ? [...listedIds(params), ...places] : places
}

/** Of nearly every result there is nothing more to look at. */
const mayName = (result: Members): boolean =>
  result.taskId !== undefined ||
  result.task !== undefined ||
  result.tasks !== undefined ||
  result.result !== undefined ||
  namesRelated(result)

function tasksInResult(result: Members): readonly TaskPlace[] {
  if (!mayName(result)) return none
  const own = taskIdOf(result)
  const made = taskIdOf(result.task)
  const inner = isObject(result.result) ? relatedIn(result.result, ['result', 'result']) : undefined
  const places = collected(
    own === undefined ? undefined : { kind: 'task', path: ['result', 'taskId'], id: own },
    made === undefined ? undefined : { kind: 'task', path: ['result', 'task', 'taskId'], id: made },
    relatedIn(result, ['result']),
    inner,
  )
  if (!Array.isArray(result.tasks)) return places
  const listed = result.tasks.flatMap((task: unknown, at): TaskPlace[] => {
    const id = taskIdOf(task)
    return id === undefined ? [] : [{ kind: 'listed', path: ['result', 'tasks', at, 'taskId'], id }]
  })
  return [...listed, ...places]
}

/** The value that a path leads to, through objects and lists. */
export function valueAt(bytes: Buffer, path: Path): Span {
  let span: Span | undefined = root(bytes)
  for (const step of path) {
    span = typeof step === 'number' ? elements(bytes, span)[step] : memberOf(bytes, span, step)?.value
    if (span === undefined) throw new Error('a place that was read is not in the bytes')
  }
  return span
}
