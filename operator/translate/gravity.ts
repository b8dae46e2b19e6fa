/** Every field of a container that Kubernetes knows today, but for its resources. One that it learns later is told of, and keeps no server from being ready. */
const containerFields: ReadonlySet<string> = new Set([
  ...[
    'name',
    'image',
    'command',
    'args',
    'workingDir',
    'ports',
    'envFrom',
    'env',
    'restartPolicy',
    'restartPolicyRules',
  ],
  ...['volumeMounts', 'volumeDevices', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'],
  ...['terminationMessagePath', 'terminationMessagePolicy', 'imagePullPolicy', 'securityContext'],
  ...['stdin', 'stdinOnce', 'tty'],
])

/** Without these walls the guard is not alone. */
const walls: ReadonlySet<string> = new Set([
  ...['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers', 'shareProcessNamespace'],
  ...['serviceAccountName', 'serviceAccount', 'automountServiceAccountToken'],
])

const template = 'spec.template.spec.'

function touchesPods(path: string): boolean {
  if (path.startsWith('spec.selector')) return true
  if (!path.startsWith(template)) return false
  const [, list = '', name = '', rest = ''] =
    /^([A-Za-z]+)(?:\[([^\]]*)\])?(.*)$/.exec(path.slice(template.length)) ?? []
  if (list === 'volumes') return true
  if (list !== 'containers' && list !== 'initContainers') return walls.has(list)
  // A container more, or less; of those that belong there only the guard counts.
  if (rest === '') return true
  return name === 'gateway' && containerFields.has(/^\.([A-Za-z]+)/.exec(rest)?.[1] ?? '')
}

const service =
  /^spec\.(?:ports|selector|type|externalIPs|externalName|clusterIPs?|loadBalancer\w+|publishNotReadyAddresses)(?:[.[]|$)/

/**
 * Whether a difference that stays makes a server not ready: it touches the guard, the way to it, or the walls around it. All others are told of.
 */
export function gravityOf(kind: string, path: string): boolean {
  if (kind === 'Deployment') return touchesPods(path)
  if (kind === 'Service') return service.test(path)
  return (kind === 'NetworkPolicy' || kind === 'ConfigMap') && !path.startsWith('metadata')
}
