import type { Recorder } from '../kit/events.ts'
import type { ApiObject } from '../kit/resource.ts'
import { events } from '../translate/index.ts'
import type { TransitionListener } from '../apply/status-writer.ts'

/** Records the transitions of a status as Events. */
export const recordTransitions =
  (recorder: Recorder): TransitionListener =>
  (regarding, before, after) => {
    for (const event of events(before, after)) recorder.record({ regarding, ...event })
  }

/** Records that an object was created. */
export const recordCreated = (recorder: Recorder, regarding: ApiObject, kind: string, name: string): void =>
  recorder.record({ regarding, type: 'Normal', reason: 'Created', action: 'Create', note: `Created ${kind} ${name}` })

const maxEntries = 8

/** Records that foreign entries were removed from an object. */
export function recordRemoved(
  recorder: Recorder,
  regarding: ApiObject,
  object: string,
  entries: readonly string[],
): void {
  const listed = [
    ...entries.slice(0, maxEntries),
    ...(entries.length > maxEntries ? [`${entries.length - maxEntries} more`] : []),
  ]
  const note = `Removed from ${object} what others had put there: ${listed.join(', ')}`
  recorder.record({
    regarding,
    type: 'Warning',
    reason: 'ForeignEntriesRemoved',
    action: 'Repair',
    note: note.slice(0, 1000),
  })
}
