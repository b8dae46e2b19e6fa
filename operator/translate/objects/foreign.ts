import { isDefault } from './defaults.ts'
import type { KubernetesObject } from '../model/desired.ts'
import type { Foreign } from '../model/observed.ts'
import { affectsReadiness } from './affects-readiness.ts'
import { compareQuantities } from '../model/quantity.ts'

type Fields = Readonly<Record<string, unknown>>

/** What of an object is not as it was asked for. */
export type Difference = {
  /** Such as `spec.template.spec.containers[server].env[HOME]`. */
  readonly path: string
  /** added: there although it was not asked for; missing: the reverse. */
  readonly how: 'added' | 'changed' | 'missing'
}

/** By which field the entries of a list are told apart. The other lists are compared place by place. */
const keys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  ports: ['containerPort', 'port', 'protocol'],
}

/** Fields in which each key is an entry by itself. */
const maps: ReadonlySet<string> = new Set([
  'annotations',
  'labels',
  'matchLabels',
  'selector',
  'nodeSelector',
  'data',
  'binaryData',
])

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The API server leaves out what says nothing. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0)

/** The last field of a path, without the entry of it that the path may name. */
function lastOf(path: string): string {
  const field = path.endsWith(']') ? path.slice(0, path.lastIndexOf('[')) : path
  return field.slice(field.lastIndexOf('.') + 1)
}

/** Others choose the names of entries, and a path is for one line of a status. */
const shown = (name: string): string => name.replace(/[^\x21-\x7e]|[[\]]/g, '?').slice(0, 128)

const quantity = /\.(?:limits|requests)\.[^.]+$|\.sizeLimit$/
const known = /^\d+(?:\.\d{1,3})?(?:m|[kMGT]i?)?$/

function isSame(path: string, desired: unknown, live: unknown): boolean {
  if (desired === live) return true
  // The API server writes amounts in a form of its own: 1000m is 1.
  const [left, right] = [String(desired), String(live)]
  return quantity.test(path) && known.test(left) && known.test(right) && compareQuantities(left, right) === 0
}

/** Compares one object with what was asked for, and notes what differs. */
class Comparison {
  readonly #kind: string
  readonly found: Difference[] = []

  constructor(kind: string) {
    this.#kind = kind
  }

  value(path: string, desired: unknown, live: unknown): void {
    if (Array.isArray(desired) && Array.isArray(live)) this.#list(path, desired, live)
    else if (isFields(desired) && isFields(live)) this.fields(path, desired, live)
    else if (!isSame(path, desired, live)) this.found.push({ path, how: 'changed' })
  }

  fields(path: string, desired: Fields, live: Fields): void {
    if (maps.has(lastOf(path)) && !path.endsWith(']')) return this.#entries(path, desired, live)
    const below = (name: string): string => (path === '' ? name : `${path}.${name}`)
    for (const [name, value] of Object.entries(live)) {
      if (this.#isNothing(value, desired[name])) continue
      if (isEmpty(desired[name])) this.#added(below(name), value, desired)
      else this.value(below(name), desired[name], value)
    }
    for (const [name, value] of Object.entries(desired))
      if (isEmpty(live[name]) && !isEmpty(value)) this.#missing(below(name), value)
  }

  /** The API server puts nothing into a map, so that an entry whose value is empty is one, too. */
  #entries(path: string, desired: Fields, live: Fields): void {
    const below = (name: string): string => `${path}[${shown(name)}]`
    for (const [name, value] of Object.entries(live)) {
      if (desired[name] === undefined) this.#added(below(name), value, desired)
      else this.value(below(name), desired[name], value)
    }
    for (const [name, value] of Object.entries(desired))
      if (live[name] === undefined && value !== undefined) this.#missing(below(name), value)
  }

  /** An empty selector of a NetworkPolicy means all. */
  #isNothing(live: unknown, desired: unknown): boolean {
    return isEmpty(live) && !(this.#kind === 'NetworkPolicy' && isFields(live) && desired === undefined)
  }

  #added(path: string, value: unknown, desired: Fields): void {
    if (isDefault(this.#kind, path, value, desired)) return
    const name = lastOf(path)
    if (Array.isArray(value) && keys[name] !== undefined) this.#list(path, [], value)
    else if (isFields(value) && maps.has(name) && !path.endsWith(']')) this.fields(path, {}, value)
    else this.found.push({ path, how: 'added' })
  }

  #missing(path: string, value: unknown): void {
    if (Array.isArray(value) && keys[lastOf(path)] !== undefined) this.#list(path, value, [])
    else this.found.push({ path, how: 'missing' })
  }

  #list(path: string, desired: readonly unknown[], live: readonly unknown[]): void {
    const by = keys[lastOf(path)]
    const nameOf = (entry: unknown, at: number): string =>
      by === undefined || !isFields(entry) ? String(at) : nameBy(by, entry)
    const wanted = new Map(desired.map((entry, at) => [nameOf(entry, at), entry]))
    const seen = new Set<string>()
    for (const [at, entry] of live.entries()) {
      const name = nameOf(entry, at)
      const here = `${path}[${shown(name)}]`
      // Of two variables of one name the later counts.
      if (seen.has(name) || !wanted.has(name)) this.found.push({ path: here, how: 'added' })
      else this.value(here, wanted.get(name), entry)
      seen.add(name)
    }
    for (const name of wanted.keys())
      if (!seen.has(name)) this.found.push({ path: `${path}[${shown(name)}]`, how: 'missing' })
  }
}

const nameBy = (by: readonly string[], entry: Fields): string =>
  by
    .map(field => entry[field] ?? (field === 'protocol' ? 'TCP' : undefined))
    .filter(value => value !== undefined)
    .map(String)
    .join('/')

/** Of these its metadata is the API server's, or what others may write: labels, annotations, finalizers and owners. */
const apart = new Set(['apiVersion', 'kind', 'metadata', 'status'])
const content = (object: Fields): Fields =>
  Object.fromEntries(Object.entries(object).filter(([field]) => !apart.has(field)))

const annotationsOf = ({ metadata }: Fields): Fields => ({
  annotations: (metadata as { annotations?: object } | undefined)?.annotations ?? {},
})

/**
 * What of an object is not as it was asked for. The object is whole, as the API server answered; what it puts in by itself is no difference. Of the metadata only
 * the annotations of a ServiceAccount count: with them clouds give rights.
 */
export function differences(desired: KubernetesObject, live: Fields): Difference[] {
  const comparison = new Comparison(desired.kind)
  comparison.fields('', content(desired), content(live))
  if (desired.kind === 'ServiceAccount') comparison.fields('metadata', annotationsOf(desired), annotationsOf(live))
  return comparison.found
}

const maxEntries = 32

/** What is told of differences that stay: those that make a server not ready, and all others. */
export function foreignOf({ kind, metadata }: KubernetesObject, found: readonly Difference[]): Foreign | undefined {
  if (found.length === 0) return undefined
  const of = (grave: boolean): string[] =>
    [...new Set(found.filter(({ path }) => affectsReadiness(kind, path) === grave).map(({ path }) => path))].slice(
      0,
      maxEntries,
    )
  return { kind, name: metadata.name, grave: of(true), minor: of(false) }
}

const reportedMaps = (kind: string): readonly string[] =>
  kind === 'ServiceAccount' ? ['labels'] : ['labels', 'annotations']
/** What controllers and kubectl write by themselves. */
const usual = /^(?:deployment\.kubernetes\.io\/|kubectl\.kubernetes\.io\/|kubernetes\.io\/change-cause$)/

/** Labels and annotations of others, which are left where they are and told of. */
export function foreignMetadata(desired: KubernetesObject, live: Fields): Difference[] {
  const [wanted, there] = [desired.metadata, (live['metadata'] ?? {}) as Fields]
  return reportedMaps(desired.kind).flatMap(field => {
    const own = (wanted[field] ?? {}) as Fields
    return Object.keys((there[field] ?? {}) as Fields)
      .filter(name => own[name] === undefined && !usual.test(name))
      .map(name => ({ path: `metadata.${field}[${shown(name)}]`, how: 'added' as const }))
  })
}
