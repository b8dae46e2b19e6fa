import type { Era, Scope, Shape } from '../exchange.ts'
import type { Sender } from './envelope.ts'

export type MethodRow = {
  readonly era: Era | 'both'
  readonly from: Sender | 'both'
  readonly shape: 'request' | 'notification'
  /** What the caller must hold. Requests of a server go to a caller who has opened a session, so theirs is never asked. */
  readonly scope: Scope
}

const row = (era: MethodRow['era'], from: MethodRow['from'], shape: MethodRow['shape'], scope: Scope): MethodRow => ({
  era,
  from,
  shape,
  scope,
})

const look = 'handshake'
const read = 'servers:read'
const execute = 'gateway:execute'

/**
 * Every core method of the revisions 2024-11-05 to 2025-11-25 (legacy) and 2026-07-28 (modern) and of the tasks extension. What is not here is
 * refused. Without a prototype, so that `constructor` is no method.
 */
export const methods: Readonly<Record<string, MethodRow>> = Object.assign(
  Object.create(null) as Record<string, MethodRow>,
  {
    initialize: row('legacy', 'client', 'request', look),
    ping: row('legacy', 'both', 'request', look),
    'server/discover': row('modern', 'client', 'request', look),
    'tools/list': row('both', 'client', 'request', look),
    'prompts/list': row('both', 'client', 'request', look),
    'resources/list': row('both', 'client', 'request', look),
    'resources/templates/list': row('both', 'client', 'request', read),
    'tasks/list': row('legacy', 'both', 'request', read),

    'tools/call': row('both', 'client', 'request', execute),
    'prompts/get': row('both', 'client', 'request', execute),
    'resources/read': row('both', 'client', 'request', execute),
    'resources/subscribe': row('legacy', 'client', 'request', execute),
    'resources/unsubscribe': row('legacy', 'client', 'request', execute),
    'completion/complete': row('both', 'client', 'request', execute),
    'logging/setLevel': row('legacy', 'client', 'request', execute),
    'subscriptions/listen': row('modern', 'client', 'request', execute),
    // In 2025-11-25 either side may run tasks for the other; the extension of 2026-07-28 knows only tasks of the server.
    'tasks/get': row('both', 'both', 'request', execute),
    'tasks/result': row('legacy', 'both', 'request', execute),
    'tasks/cancel': row('both', 'both', 'request', execute),
    'tasks/update': row('modern', 'client', 'request', execute),

    'sampling/createMessage': row('legacy', 'server', 'request', execute),
    'elicitation/create': row('legacy', 'server', 'request', execute),
    'roots/list': row('legacy', 'server', 'request', execute),

    'notifications/initialized': row('legacy', 'client', 'notification', look),
    'notifications/roots/list_changed': row('legacy', 'client', 'notification', read),
    'notifications/cancelled': row('both', 'both', 'notification', read),
    'notifications/progress': row('both', 'both', 'notification', read),
    'notifications/message': row('both', 'server', 'notification', read),
    'notifications/resources/updated': row('both', 'server', 'notification', read),
    'notifications/resources/list_changed': row('both', 'server', 'notification', read),
    'notifications/tools/list_changed': row('both', 'server', 'notification', read),
    'notifications/prompts/list_changed': row('both', 'server', 'notification', read),
    'notifications/elicitation/complete': row('legacy', 'server', 'notification', read),
    'notifications/tasks/status': row('legacy', 'both', 'notification', read),
    'notifications/tasks': row('modern', 'server', 'notification', read),
    'notifications/subscriptions/acknowledged': row('modern', 'server', 'notification', read),
  },
)

/** The row of a message that may be sent so, or undefined: unknown method, wrong era, wrong side, or a request where it is a notification. */
export function methodRow(
  message: { readonly method?: string; readonly shape: Shape },
  era: Era,
  from: Sender,
): MethodRow | undefined {
  if (message.method === undefined) return undefined
  const found = methods[message.method]
  if (found === undefined || found.shape !== message.shape) return undefined
  if (found.era !== 'both' && found.era !== era) return undefined
  return found.from === 'both' || found.from === from ? found : undefined
}
