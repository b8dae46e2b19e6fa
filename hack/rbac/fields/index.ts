import { merged, madeFor, type MadeKind, server } from '../made.ts'
import type { Forbidden } from '../try.ts'
import type { Field } from './field.ts'
import { fieldsOfNetwork } from './network.ts'
import { fieldsOfObjects } from './objects.ts'
import { fieldsOfPods } from './pods.ts'
import { fieldsOfReports } from './reports.ts'
import { fieldsOfSecrets } from './secrets.ts'

export type { Field }

/** Everything that the operator may write, field by field. */
export const fields: readonly Field[] = [
  ...fieldsOfObjects,
  ...fieldsOfSecrets,
  ...fieldsOfNetwork,
  ...fieldsOfPods,
  ...fieldsOfReports,
]

const good = madeFor(server)

/** An object that is made with one change, and the same change to one that is there. */
function triesOf(kind: MadeKind, { what, change, says }: Field['changes'][number]): Forbidden[] {
  const { path, body } = good[kind]
  // Of a Secret without its owner it is not known what it is for, so two policies refuse it, in any order.
  const isUnowned = kind.endsWith('Secret') && 'ownerReferences' in ((change as { metadata?: object }).metadata ?? {})
  const create = {
    what: `make a ${kind} ${what}`,
    method: 'POST',
    path,
    body: merged(body, change),
    says: isUnowned ? 'denied request' : says,
  }
  const { name } = body.metadata
  // Under another name there is nothing to change.
  if ('name' in ((change as { metadata?: object }).metadata ?? {})) return [create]
  return [
    create,
    {
      what: `change a ${kind} into one ${what}`,
      method: 'PATCH',
      path: `${path}/${name}`,
      body: change,
      says: isRefusedBefore(kind, change) ? 'is forbidden' : says,
    },
  ]
}

/** No change of a guard secret is allowed; and an owner of what may not be deleted is first refused by OwnerReferencesPermissionEnforcement. */
const isRefusedBefore = (kind: MadeKind, { metadata = {} }: { readonly metadata?: object }): boolean =>
  kind === 'guard Secret' || ('ownerReferences' in metadata && ['digest Secret', 'Event', 'Lease'].includes(kind))

const elsewhere = ({ what, change, path = '', says }: Field['changes'][number]): Forbidden => ({
  what: `write ${what}`,
  method: path.endsWith('/secrets') ? 'POST' : 'PATCH',
  path,
  body: change,
  says,
})

/** What is tried of a field. */
export const triesOfField = ({ of, changes }: Field): Forbidden[] =>
  of.length === 0 ? changes.map(elsewhere) : of.flatMap(kind => changes.flatMap(change => triesOf(kind, change)))

/** The same objects in a namespace of the cluster itself. */
export const inKubeSystem: readonly Forbidden[] = Object.entries(good)
  .filter(([kind]) => kind !== 'Lease')
  .map(([kind, { path, body }]) => ({
    what: `make a ${kind} in kube-system`,
    method: 'POST',
    path: path.replace('/namespaces/team', '/namespaces/kube-system'),
    body: merged(body, { metadata: { namespace: 'kube-system' } }),
    says: 'namespaces that begin with kube-',
  }))
