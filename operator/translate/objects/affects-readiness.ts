/** Every field of a container that Kubernetes knows today, but for its resources. One that it learns later is told of, and keeps no server from being ready. */
const containerFields: ReadonlySet<string> = new Set(
  `name image command args workingDir ports envFrom env restartPolicy restartPolicyRules volumeMounts volumeDevices
  livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy
  securityContext stdin stdinOnce tty`.split(/\s+/),
)

/** Fields of the pod that isolate the guard from the node and from other containers. */
const isolationFields: ReadonlySet<string> = new Set(
  `hostNetwork hostPID hostIPC hostUsers shareProcessNamespace
  serviceAccountName serviceAccount automountServiceAccountToken`.split(/\s+/),
)

const template = 'spec.template.spec.'
const container = /^(?:initContainers|containers)(?:\[([^\]]*)\])?(?:\.([A-Za-z]+))?/

function touchesPods(path: string): boolean {
  if (!path.startsWith(template)) return path.startsWith('spec.selector')
  const rest = path.slice(template.length)
  const [found, name, field] = container.exec(rest) ?? []
  if (found === undefined) return rest.startsWith('volumes') || isolationFields.has(rest)
  // A container more, or less; of those that belong there only the guard counts.
  return field === undefined || (name === 'gateway' && containerFields.has(field))
}

const service =
  /^spec\.(?:ports|selector|type|externalIPs|externalName|clusterIPs?|loadBalancer\w+|publishNotReadyAddresses)(?:[.[]|$)/

/**
 * Whether a difference that stays makes a server not ready: it touches the guard, the way to it, or what isolates it. All others are reported only.
 */
export function affectsReadiness(kind: string, path: string): boolean {
  if (kind === 'Deployment') return touchesPods(path)
  if (kind === 'Service') return service.test(path)
  return (kind === 'NetworkPolicy' || kind === 'ConfigMap') && !path.startsWith('metadata')
}
