import type { ApiObject } from '../kit/resource.ts'
import { serverOf } from '../resources.ts'

const keyOf = ({ metadata }: ApiObject): string | undefined => {
  const server = serverOf({ metadata })
  return server === undefined ? undefined : `${metadata.namespace}/${server}`
}

const nameOf = ({ kind, metadata }: ApiObject): string => `${kind}/${metadata.name}`

/** Objects by the server that their label names, so that no code searches a namespace for them. */
export class ServerIndex {
  readonly #servers = new Map<string, Map<string, ApiObject>>()

  of(namespace: string, server: string): ApiObject[] {
    return [...(this.#servers.get(`${namespace}/${server}`)?.values() ?? [])]
  }

  change(before: ApiObject | undefined, after: ApiObject | undefined): void {
    if (before) this.#remove(before)
    const key = after && keyOf(after)
    if (!after || key === undefined) return
    const objects = this.#servers.get(key) ?? new Map<string, ApiObject>()
    this.#servers.set(key, objects.set(nameOf(after), after))
  }

  #remove(object: ApiObject): void {
    const key = keyOf(object) ?? ''
    const objects = this.#servers.get(key)
    objects?.delete(nameOf(object))
    if (objects?.size === 0) this.#servers.delete(key)
  }
}
