import type { Caller, Denial, Message, ReadLimits } from '../../exchange.ts'
import { readBody } from '../../mcp/message.ts'
import { replaceSpan, splice } from '../../mcp/splice.ts'
import {
  disguisesTask,
  isAboutTask,
  taskOfClient,
  tasksInRequest,
  valueAt,
  type TaskPlace,
} from '../../mcp/task-ids.ts'
import type { ServerRuntime } from '../../runtime/runtime.ts'
import type { OpenedTask } from '../admitted-call.ts'
import { toolRefusal } from './task-policy.ts'

/** A message with the server's own ids in it, and the tasks that it names; or why it goes no further. */
export type OpenedTasks =
  { readonly message: Message; readonly tasks: readonly OpenedTask[] } | { readonly denied: Denial }

const noTasks: readonly OpenedTask[] = []
const stage = 'tasks'

/** To a stranger the task of another caller is as unknown as one that never was. */
const unknown = (detail: string): { readonly denied: Denial } => ({ denied: { stage, code: 'TaskNotFound', detail } })

/**
 * Puts the server's own task ids in place of those that the caller holds. Ids that were not given to this caller are refused, and so is a task of
 * a tool that they may no longer call; what a client names of its own tasks passes.
 */
export function openTasks(server: ServerRuntime, caller: Caller, message: Message, limits: ReadLimits): OpenedTasks {
  if (disguisesTask(message)) return { denied: { stage, code: 'AmbiguousMessage', detail: 'a task id but for case' } }
  const places = tasksInRequest(message)
  noteOfClient(server, caller, message)
  if (places.length === 0) return withoutPlaces(server, caller, message)
  const found: { readonly place: TaskPlace; readonly task: OpenedTask }[] = []
  for (const place of places) {
    const task = server.tasks.open(caller.principal, place.id)
    if (task === undefined) {
      if (passes(server, caller, message, place)) continue
      return unknown(`a task id at ${place.path.join('.')} that this caller does not hold`)
    }
    const refusal = toolRefusal(server, caller, task.tool)
    if (refusal) return { denied: { ...refusal, detail: `a task of ${refusal.detail ?? task.tool}` } }
    server.tasks.note(caller.principal, task)
    found.push({ place, task: { ...task, sealed: place.id } })
  }
  if (found.length === 0) return { message, tasks: noTasks }
  const edits = found
    .map(({ place, task }) => replaceSpan(valueAt(message.bytes, place.path), JSON.stringify(task.id)))
    .toSorted((a, b) => a.start - b.start)
  const read = readBody(splice(message.bytes, edits), limits)
  if (!('message' in read))
    return { denied: { stage, code: 'Internal', detail: 'a task id made a message unreadable' } }
  return { message: read.message, tasks: found.map(({ task }) => task) }
}

/** A request about a task has to name one, as a string; what a server without tasks makes of it is its own affair. */
function withoutPlaces({ tasks }: ServerRuntime, { era }: Caller, message: Message): OpenedTasks {
  const names = message.shape === 'request' && isAboutTask(message.method)
  if (names && tasks.mayHaveTasks(era)) return unknown('no task id')
  return { message, tasks: noTasks }
}

function noteOfClient({ tasks }: ServerRuntime, { principal }: Caller, message: Message): void {
  const id = message.shape === 'response' ? taskOfClient(message) : undefined
  if (id !== undefined) tasks.noteOfClient(principal, id)
}

/** Whether an id that opens to nothing may stand here as it is. */
function passes({ tasks }: ServerRuntime, { principal, era }: Caller, { shape }: Message, place: TaskPlace): boolean {
  // What a client answers and reports may belong to a task that it runs for the server, and so may what it asks meanwhile.
  if (place.kind === 'related' && (shape !== 'request' || tasks.isOfClient(principal, place.id))) return true
  return !tasks.mayHaveTasks(era)
}
