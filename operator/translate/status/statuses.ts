import { serverName } from '../../../gateway/config/kit.ts'
import { printableAll } from '../../../gateway/config/printable.ts'
import type { Judged } from '../accept/accept.ts'
import type { Condition, Status } from '../model/desired.ts'
import type { JudgedKey } from '../accept/accept-keys.ts'
import { resolved } from './resolved.ts'
import type { ServerView, Whole } from '../context.ts'
import type { StatusFields } from '../model/status-fields.ts'
import { tlsMissing } from '../policy/tls-secret.ts'

function status(judged: Judged, fields: StatusFields, more: readonly Condition[] = []): Status {
  const { kind, name, namespace, generation } = judged.document
  return {
    kind,
    name,
    namespace,
    status: printableAll({
      ...(generation !== undefined && { observedGeneration: generation }),
      conditions: [judged.accepted, ...more],
      ...fields,
    }),
  }
}

/** A policy of the operator's own namespace is for servers that are not in this snapshot, so they are not counted. */
function policyStatus(policy: Judged<'GuardrailPolicy'>, views: readonly ServerView[], scene: Whole): Status {
  const { name, namespace } = policy.document
  if (scene.snapshot.operatorNamespace === namespace) {
    const { accepted } = policy
    const message = accepted.status === 'True' ? 'The spec makes sense; it binds all namespaces.' : accepted.message
    return status({ ...policy, accepted: { ...accepted, message } }, {})
  }
  const isThis = (one: { readonly name: string; readonly namespace: string }): boolean =>
    one.name === name && one.namespace === namespace
  const servers = views
    .filter(({ guard }) => guard.broken.some(isThis) || guard.policies.some(isThis))
    .map(view => view.judged.document.name)
    // A name that is refused says so at its own object.
    .filter(server => serverName.safeParse(server).success)
  return status(policy, { servers: servers.slice(0, 256), serverCount: servers.length })
}

/** The status of an object that says nothing but whether it makes sense. */
export const plainStatus = (judged: Judged): Status => status(judged, {})

const keyStatus = ({ judged, generated }: JudgedKey): Status => status(judged, {}, generated ? [generated] : [])

/** The status of every object but the servers. */
export function statuses(views: readonly ServerView[], scene: Whole): Status[] {
  const { keys, policies, gateway, strays } = scene
  return [
    ...policies.map(policy => policyStatus(policy, views, scene)),
    ...keys.map(keyStatus),
    ...strays.map(plainStatus),
    ...(gateway ? [status(gateway, {}, gateway.spec ? [resolved(tlsMissing(scene), gateway.document)] : [])] : []),
  ]
}
