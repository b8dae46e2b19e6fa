import { found, type Finding } from '../model/condition.ts'
import type { Condition } from '../model/desired.ts'
import type { Handshake } from '../model/observed.ts'

type Told = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>

export type ReadyFacts = {
  /** Accepted, ResolvedRefs, Programmed, Available: what must hold first, in this order. */
  readonly before: readonly Told[]
  readonly stopped: boolean
  readonly wayIn: boolean
  readonly handshake: Handshake | undefined
  readonly hash: string
}

function shaken(handshake: Handshake | undefined, hash: string): Finding {
  if (!handshake) return found('Unknown', 'HandshakePending', 'no handshake through the gateway has been seen yet')
  if (!handshake.ok)
    return found(
      'False',
      'HandshakeFailed',
      `the handshake through the gateway failed (${handshake.reason}): ${handshake.message}`,
    )
  if (handshake.hash !== hash)
    return found('Unknown', 'HandshakePending', 'the last handshake was with the configuration before this one')
  const { revision, tools, shortfall } = handshake
  const count = `${shortfall ? 'at least ' : ''}${tools.length} tools`
  const text = `An MCP handshake through the gateway worked with this configuration (revision ${revision}, ${count}).`
  return found('True', 'Ready', text)
}

/** That gateways are waited for says nothing while their pods have a reason of their own. */
const mostTelling = (open: readonly Told[]): Told | undefined =>
  open.find(one => one.reason !== 'WaitingForGateways') ?? open[0]

/**
 * What `kubectl wait` and Argo CD read: true when the server can be used as it is written now. A version of the spec that is not in force, a
 * server that nobody can enter, and what has not been tried are not ready.
 */
export function ready({ before, stopped, wayIn, handshake, hash }: ReadyFacts): Finding {
  const [accepted, ...others] = before
  if (accepted && accepted.status !== 'True') return found('False', accepted.reason, accepted.message)
  if (stopped) return found('False', 'Stopped', 'The server is stopped or has no replicas.')
  const open = mostTelling(others.filter(one => one.status !== 'True'))
  if (open) return found('False', open.reason, open.message)
  if (!wayIn)
    return found(
      'False',
      'NoAuthentication',
      'no caller can get in, every call gets 401: create an APIKey whose allowedServers name this server',
    )
  return shaken(handshake, hash)
}
