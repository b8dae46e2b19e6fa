import { conditionValue, type ConditionValue, type StatusCondition } from '../model/condition.ts'
import type { Handshake } from '../model/observed.ts'

type ConditionSummary = Pick<StatusCondition, 'type' | 'status' | 'reason' | 'message'>

export type ReadyFacts = {
  /** Accepted, ResolvedRefs, Programmed, Available: what must hold first, in this order. */
  readonly before: readonly ConditionSummary[]
  readonly stopped: boolean
  readonly hasCallers: boolean
  readonly handshake: Handshake | undefined
  readonly hash: string
}

function handshakeResult(handshake: Handshake | undefined, hash: string): ConditionValue {
  if (!handshake)
    return conditionValue('Unknown', 'HandshakePending', 'no handshake through the gateway has been seen yet')
  if (!handshake.ok)
    return conditionValue(
      'False',
      'HandshakeFailed',
      `the handshake through the gateway failed (${handshake.reason}): ${handshake.message}`,
    )
  if (handshake.hash !== hash)
    return conditionValue(
      'Unknown',
      'HandshakePending',
      'the last handshake was with the configuration before this one',
    )
  const { revision, tools, shortfall } = handshake
  const count = `${shortfall ? 'at least ' : ''}${tools.length} tools`
  const text = `An MCP handshake through the gateway worked with this configuration (revision ${revision}, ${count}).`
  return conditionValue('True', 'Ready', text)
}

/** That gateways are waited for says nothing while their pods have a reason of their own. */
const mostSpecific = (open: readonly ConditionSummary[]): ConditionSummary | undefined =>
  open.find(one => one.reason !== 'WaitingForGateways') ?? open[0]

/**
 * What `kubectl wait` and Argo CD read: true when the server can be used as it is written now. A version of the spec that is not in force, a
 * server that no caller can enter, and what has not been tried are not ready.
 */
export function ready({ before, stopped, hasCallers, handshake, hash }: ReadyFacts): ConditionValue {
  const [accepted, ...others] = before
  if (accepted && accepted.status !== 'True') return conditionValue('False', accepted.reason, accepted.message)
  if (stopped) return conditionValue('False', 'Stopped', 'The server is stopped or has no replicas.')
  const open = mostSpecific(others.filter(one => one.status !== 'True'))
  if (open) return conditionValue('False', open.reason, open.message)
  if (!hasCallers)
    return conditionValue(
      'False',
      'NoAuthentication',
      'no caller can get in, every call gets 401: create an APIKey whose allowedServers name this server',
    )
  return handshakeResult(handshake, hash)
}
