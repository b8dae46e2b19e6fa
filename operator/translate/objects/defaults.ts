type Fields = Readonly<Record<string, unknown>>

/** Whether the API server itself puts a value where nothing was asked for. `desired` is the object around it, as it was asked for. */
type Default = (value: unknown, desired: Fields) => boolean

const is =
  (usual: unknown): Default =>
  value =>
    value === usual

const any: Default = () => true

/** Without a tag an image is the latest, which is pulled each time; a digest is an image for good. */
function pullPolicyOf(image: unknown): string {
  const [name = '', digest] = String(image).split('@')
  const tag = /:([^/:]+)$/.exec(name)?.[1]
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent'
}

const probe = (path: string): Readonly<Record<string, Default>> => ({
  [`${path}.timeoutSeconds`]: is(1),
  [`${path}.periodSeconds`]: is(10),
  [`${path}.successThreshold`]: is(1),
  [`${path}.failureThreshold`]: is(3),
  [`${path}.httpGet.scheme`]: is('HTTP'),
})

const container = 'spec.template.spec.containers[]'
const volume = 'spec.template.spec.volumes[]'

const deployment: Readonly<Record<string, Default>> = {
  'spec.progressDeadlineSeconds': is(600),
  'spec.revisionHistoryLimit': is(10),
  // By it `kubectl rollout restart` asks for new pods; it says nothing about them.
  'spec.template.metadata.annotations[kubectl.kubernetes.io/restartedAt]': any,
  'spec.template.spec.restartPolicy': is('Always'),
  'spec.template.spec.dnsPolicy': is('ClusterFirst'),
  'spec.template.spec.schedulerName': is('default-scheduler'),
  // The name of the field before version 1, kept equal.
  'spec.template.spec.serviceAccount': (value, desired) => value === desired['serviceAccountName'],
  [`${container}.terminationMessagePath`]: is('/dev/termination-log'),
  [`${container}.terminationMessagePolicy`]: is('File'),
  [`${container}.imagePullPolicy`]: (value, desired) => value === pullPolicyOf(desired['image']),
  [`${container}.securityContext.procMount`]: is('Default'),
  [`${container}.ports[].protocol`]: is('TCP'),
  [`${container}.env[].valueFrom.fieldRef.apiVersion`]: is('v1'),
  [`${container}.lifecycle.preStop.httpGet.scheme`]: is('HTTP'),
  ...probe(`${container}.startupProbe`),
  ...probe(`${container}.livenessProbe`),
  ...probe(`${container}.readinessProbe`),
  [`${volume}.configMap.defaultMode`]: is(0o644),
  [`${volume}.secret.defaultMode`]: is(0o644),
}

/** An address of its own is given to every Service, unless it was made without one on purpose. */
const address: Default = value => value !== 'None' && !(Array.isArray(value) && value.includes('None'))

const service: Readonly<Record<string, Default>> = {
  'spec.type': is('ClusterIP'),
  'spec.clusterIP': address,
  'spec.clusterIPs': address,
  'spec.ipFamilies': any,
  'spec.internalTrafficPolicy': is('Cluster'),
  'spec.sessionAffinityConfig': value => JSON.stringify(value) === '{"clientIP":{"timeoutSeconds":10800}}',
  'spec.ports[].protocol': is('TCP'),
}

const tables: Readonly<Record<string, Readonly<Record<string, Default>>>> = { Deployment: deployment, Service: service }

/** A path as the tables name it: entries of lists are all alike, and so are both lists of containers. */
const patternOf = (path: string): string =>
  path.replace('.initContainers[', '.containers[').replace(/\b(containers|env|ports|volumes)\[[^\]]*\]/g, '$1[]')

/** Whether the API server has put this into an object by itself (Kubernetes 1.28 to 1.36). */
export const isDefault = (kind: string, path: string, value: unknown, desired: Fields): boolean =>
  tables[kind]?.[patternOf(path)]?.(value, desired) === true
