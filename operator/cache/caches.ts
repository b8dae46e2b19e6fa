import { isDeepStrictEqual } from 'node:util'
import type { ApiClient } from '../kit/client.ts'
import type { MonotonicClock } from '../kit/clock.ts'
import type { Logger } from '../kit/log.ts'
import { Reflector, type ReflectorOptions } from '../kit/reflector.ts'
import type { ApiObject, ApiResource } from '../kit/resource.ts'
import { isKindName, type KindName } from '../../crds/index.ts'
import { isOfServer } from './observed-pods.ts'
import { ServerIndex } from './server-index.ts'
import { podForCache, deploymentForCache, withoutLastApplied } from './transform.ts'
import { children, managedBy, manager, own, pods, serverOf, type ChildKind } from '../resources.ts'

/** Label of the ConfigMaps that keep last good specs; its value is the kind. */
export const lastGoodLabel = 'mcp.gateway.io/last-good'

/** Handles every change of the caches. Only enqueues. */
export type ChangeHandler = {
  ownChanged(kind: KindName, before: ApiObject | undefined, after: ApiObject | undefined): void
  /** A child of a server, or one of its pods. */
  childChanged(namespace: string, server: string): void
  podChanged(namespace: string, server: string): void
  /** A last good spec. */
  lastGoodChanged(namespace: string): void
}

export type CachesOptions = {
  readonly client: ApiClient
  readonly clock: MonotonicClock
  readonly log: Logger
  readonly handler: ChangeHandler
  readonly failed?: (plural: string, verb: 'list' | 'watch') => void
}

const ours = `${managedBy}=${manager}`
/** What the operator watches: its own kinds in all namespaces, and by label what it created. Secrets are never watched. */
export class Caches {
  readonly own: Readonly<Record<KindName, Reflector>>
  readonly children: Readonly<Record<ChildKind, Reflector>>
  readonly pods: Reflector
  readonly lastGood: Reflector
  readonly all: readonly Reflector[]
  readonly #childrenOf = new ServerIndex()
  readonly #podsOf = new ServerIndex()

  constructor({ client, clock, log, handler, failed }: CachesOptions) {
    const make = (
      resource: ApiResource,
      onChange: (before?: ApiObject, after?: ApiObject) => void,
      more: Pick<ReflectorOptions, 'labelSelector' | 'metadataOnly' | 'transform'> = {},
    ): Reflector =>
      new Reflector({
        client,
        clock,
        log,
        resource,
        ...more,
        onChange: (_, before, after) => onChange(before, after),
        failed: verb => failed?.(resource.plural, verb),
      })
    const about =
      (index: ServerIndex, tell: (namespace: string, server: string) => void) =>
      (before?: ApiObject, after?: ApiObject): void => {
        index.change(before, after)
        const object = after ?? before
        const server = object && serverOf(object)
        if (server !== undefined) tell(object?.metadata.namespace ?? '', server)
      }
    const child = about(this.#childrenOf, (namespace, server) => handler.childChanged(namespace, server))
    this.own = mapped(own, (resource, kind) =>
      make(resource, (before, after) => isKindName(kind) && handler.ownChanged(kind, before, after), {
        transform: withoutLastApplied,
      }),
    )
    this.children = mapped(children, (resource, kind) => {
      const labelSelector = kind === 'ConfigMap' ? `${ours},!${lastGoodLabel}` : ours
      return make(resource, child, {
        labelSelector,
        ...(kind === 'Deployment' ? { transform: deploymentForCache } : { metadataOnly: true }),
      })
    })
    const aboutPod = about(this.#podsOf, (namespace, server) => handler.podChanged(namespace, server))
    const pod = (before?: ApiObject, after?: ApiObject): void => {
      // The annotation that the operator writes comes back as a change, and is none.
      if (before && after && looksAlike(before, after)) this.#podsOf.change(before, after)
      else aboutPod(before, after)
    }
    this.pods = make(pods, pod, { labelSelector: ours, transform: podForCache })
    const kept = (before?: ApiObject): void => {
      // What other clients change or delete is written again; that it was created needs no work.
      if (before) handler.lastGoodChanged(before.metadata.namespace ?? '')
    }
    this.lastGood = make(children.ConfigMap, kept, { labelSelector: `${ours},${lastGoodLabel}` })
    this.all = [...Object.values(this.own), ...Object.values(this.children), this.pods, this.lastGood]
  }

  /** Resolves after the abort. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.all.map(reflector => reflector.run(signal)))
  }

  async whenSynced(): Promise<void> {
    await Promise.all(this.all.map(reflector => reflector.whenSynced()))
  }

  server(namespace: string, name: string): ApiObject | undefined {
    return this.own.MCPServer.store.get(namespace, name)
  }

  childrenOf(namespace: string, server: string): ApiObject[] {
    return this.#childrenOf.of(namespace, server)
  }

  /** Its pods, in no order; those that only carry its label are not among them. */
  podsOf(namespace: string, server: string): ApiObject[] {
    return this.#podsOf.of(namespace, server).filter(isOfServer)
  }
}

const looksAlike = (a: ApiObject, b: ApiObject): boolean =>
  isDeepStrictEqual({ ...a, metadata: { ...a.metadata, resourceVersion: b.metadata.resourceVersion } }, b)

const mapped = <K extends string, R, T>(from: Readonly<Record<K, R>>, make: (value: R, key: K) => T): Record<K, T> =>
  Object.fromEntries(Object.entries<R>(from).map(([key, value]) => [key, make(value, key as K)])) as Record<K, T>
