import { serverName } from '../../../gateway/config/kit.ts'
import { printableAll } from '../../../gateway/config/printable.ts'
import type { EffectiveObject } from '../accept/effective.ts'
import type { StatusCondition } from '../model/condition.ts'
import type { Status } from '../model/desired.ts'
import type { EffectiveKey } from '../accept/effective.ts'
import { resolved } from './resolved.ts'
import type { ServerView, SharedContext } from '../context.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { StatusFields } from '../model/status-fields.ts'
import { tlsMissing } from '../policy/tls-secret.ts'

function status(object: EffectiveObject, fields: StatusFields, more: readonly StatusCondition[] = []): Status {
  const { kind, name, namespace, generation } = object.document
  return {
    kind,
    name,
    namespace,
    status: printableAll({
      ...(generation !== undefined && { observedGeneration: generation }),
      conditions: [object.accepted, ...more],
      ...fields,
    }),
  }
}

/** A policy of the operator's own namespace is for servers that are not in this snapshot, so they are not counted. */
function policyStatus(
  policy: EffectiveObject<'GuardrailPolicy'>,
  views: readonly ServerView[],
  operatorNamespace: string | undefined,
): Status {
  const { name, namespace } = policy.document
  if (operatorNamespace === namespace) {
    const { accepted } = policy
    const message = accepted.status === 'True' ? 'The spec makes sense; it binds all namespaces.' : accepted.message
    return status({ ...policy, accepted: { ...accepted, message } }, {})
  }
  const isThis = (one: { readonly name: string; readonly namespace: string }): boolean =>
    one.name === name && one.namespace === namespace
  const servers = views
    .filter(({ selected }) => selected.broken.some(isThis) || selected.policies.some(isThis))
    .map(view => view.server.document.name)
    // A name that is refused says so at its own object.
    .filter(server => serverName.safeParse(server).success)
  return status(policy, { servers: servers.slice(0, 256), serverCount: servers.length })
}

/** The status of an object that says nothing but whether it makes sense. */
export const plainStatus = (object: EffectiveObject): Status => status(object, {})

const keyStatus = ({ object, generated }: EffectiveKey): Status => status(object, {}, generated ? [generated] : [])

/** The status of every object but the servers. */
export function statuses(
  views: readonly ServerView[],
  keys: readonly EffectiveKey[],
  { policies, gateway, unexpectedGateways, settings }: SharedContext,
  snapshot: Pick<Snapshot, 'namespace' | 'operatorNamespace' | 'secrets'>,
): Status[] {
  const refs = gateway?.spec ? [resolved(tlsMissing(settings, snapshot), gateway.document)] : []
  return [
    ...policies.map(policy => policyStatus(policy, views, snapshot.operatorNamespace)),
    ...keys.map(keyStatus),
    ...unexpectedGateways.map(plainStatus),
    ...(gateway ? [status(gateway, {}, refs)] : []),
  ]
}
