import { hashOf } from '../../../gateway/config/hash.ts'
import type { KubernetesObject } from '../model/desired.ts'

type Fields = Readonly<Record<string, unknown>>
export type Operation =
  | { readonly op: 'add' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }

const fieldsOf = (value: unknown): Fields => (value ?? {}) as Fields
const at = (object: Fields, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => fieldsOf(value)[name], object)

/** What the API server gave a Service, and takes for a wish to change if it is left out. */
const given = ['clusterIP', 'clusterIPs', 'ipFamilies'] as const

function serviceSpec(spec: Fields, live: Fields): Fields {
  const held = fieldsOf(live['spec'])
  return {
    ...Object.fromEntries(given.flatMap(name => (held[name] === undefined ? [] : [[name, held[name]]]))),
    ...spec,
  }
}

/** The time of `kubectl rollout restart` is kept: without it the pods would go back to those from before. */
const restartedAt = 'kubectl.kubernetes.io/restartedAt'

function deploymentSpec(spec: Fields, live: Fields): Fields {
  const time = at(live, 'spec', 'template', 'metadata', 'annotations', restartedAt)
  if (typeof time !== 'string') return spec
  const template = fieldsOf(spec['template'])
  const metadata = fieldsOf(template['metadata'])
  const annotations = { ...fieldsOf(metadata['annotations']), [restartedAt]: time }
  return { ...spec, template: { ...template, metadata: { ...metadata, annotations } } }
}

function contentOf(desired: KubernetesObject, field: string, live: Fields): unknown {
  const value = desired[field]
  if (field !== 'spec') return value
  if (desired.kind === 'Service') return serviceSpec(fieldsOf(value), live)
  return desired.kind === 'Deployment' ? deploymentSpec(fieldsOf(value), live) : value
}

const apart = new Set(['apiVersion', 'kind', 'metadata', 'status'])
const fieldsIn = (object: Fields): string[] => Object.keys(object).filter(field => !apart.has(field))

/**
 * A JSON patch that makes of an object exactly what was asked for, in one write: what others put in has gone with it, whatever it was, so that admission
 * sees nothing of it. It holds only for what was looked at: the version of the object, or of its spec where there is one, since controllers write statuses.
 */
export function replacePatch(desired: KubernetesObject, live: Fields): Operation[] {
  const { resourceVersion, generation, uid, labels } = fieldsOf(live['metadata'])
  const wanted = fieldsIn(desired)
  return [
    generation === undefined
      ? { op: 'add', path: '/metadata/resourceVersion', value: resourceVersion }
      : { op: 'test', path: '/metadata/generation', value: generation },
    { op: 'add', path: '/metadata/uid', value: uid },
    { op: 'add', path: '/metadata/labels', value: { ...fieldsOf(labels), ...fieldsOf(desired.metadata['labels']) } },
    ...(desired.kind === 'ServiceAccount' ? [{ op: 'add' as const, path: '/metadata/annotations', value: {} }] : []),
    ...wanted.map(field => ({ op: 'add' as const, path: `/${field}`, value: contentOf(desired, field, live) })),
    ...fieldsIn(live)
      .filter(field => !wanted.includes(field))
      .map(field => ({ op: 'remove' as const, path: `/${field}` })),
  ]
}

/** How many entries and values something has. */
const sizeOf = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce<number>((sum, one) => sum + sizeOf(one), 1)
    : 1

const sizeOfObject = ({ metadata, ...content }: Fields): number =>
  sizeOf([content, at({ metadata }, 'metadata', 'labels'), at({ metadata }, 'metadata', 'annotations')])

/** What the API server fills in, and more than admission of a cluster adds. */
const spare = 4000

/**
 * Whether others have made an object so large that admission takes longer to judge a write of it than a write may last (CEL looks up names one by one: some ten
 * seconds for 20,000 annotations). Its deletion is judged at once.
 */
export const isBloated = (desired: KubernetesObject, live: Fields): boolean =>
  sizeOfObject(live) > 2 * sizeOfObject(desired) + spare

const selectorOf = (object: Fields): string => hashOf(at(object, 'spec', 'selector') ?? {})

/** Whether an object can only be deleted and made anew: what is wrong with it can be changed by no write. */
export function needsRecreation(desired: KubernetesObject, live: Fields): boolean {
  if (desired.kind === 'ConfigMap') return live['immutable'] === true
  if (desired.kind === 'Service') return at(live, 'spec', 'clusterIP') === 'None'
  return desired.kind === 'Deployment' && selectorOf(desired) !== selectorOf(live)
}
