import { compareVersions, keyOf, type ApiObject, type NamespacedName } from './resource.ts'

/** What has been seen of one kind. Objects are shared and never changed in place. */
export class Store {
  readonly #namespaces = new Map<string, Map<string, ApiObject>>()
  #version = '0'

  /** The resource version up to which everything has been seen. */
  get version(): string {
    return this.#version
  }

  get size(): number {
    return [...this.#namespaces.values()].reduce((sum, { size }) => sum + size, 0)
  }

  get(namespace: string | undefined, name: string): ApiObject | undefined {
    return this.#namespaces.get(namespace ?? '')?.get(name)
  }

  /** Those of a namespace, or all. */
  list(namespace?: string): ApiObject[] {
    if (namespace !== undefined) return [...(this.#namespaces.get(namespace)?.values() ?? [])]
    return [...this.#namespaces.values()].flatMap(objects => [...objects.values()])
  }

  namespaces(): string[] {
    return [...this.#namespaces.keys()]
  }

  /** Whether a write that answered with this version has arrived here; a reconcile before that would judge the past. */
  hasSeen(resourceVersion: string): boolean {
    return compareVersions(this.#version, resourceVersion) >= 0
  }

  /** For the reflector. Gives back what was there before. */
  set(object: ApiObject): ApiObject | undefined {
    const { namespace, name } = keyOf(object)
    const before = this.get(namespace, name)
    const objects = this.#namespaces.get(namespace) ?? new Map<string, ApiObject>()
    this.#namespaces.set(namespace, objects.set(name, object))
    return before
  }

  /** For the reflector. */
  delete({ namespace, name }: NamespacedName): ApiObject | undefined {
    const before = this.get(namespace, name)
    const objects = this.#namespaces.get(namespace)
    objects?.delete(name)
    if (objects?.size === 0) this.#namespaces.delete(namespace)
    return before
  }

  /** For the reflector. */
  reached(version: string): void {
    this.#version = version
  }
}
