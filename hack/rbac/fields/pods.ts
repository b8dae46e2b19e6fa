import type { Field } from './field.ts'
import { container, loose } from '../made.ts'

const pod = (spec: object): object => ({ spec: { template: { spec } } })
const run = (one: object): object => pod({ containers: [one] })
const ask = { path: '/', port: 80, host: '169.254.169.254' }

const field = (name: string, allowed: string, changes: Field['changes']): Field => ({
  object: 'Deployment',
  of: ['Deployment'],
  field: name,
  allowed,
  changes,
})

const others = 'any other field than those that it needs'
const bounds = 'without root, capabilities, escalation and ports of the host'

/** What the operator may run. */
export const fieldsOfPods: readonly Field[] = [
  field('metadata.labels, metadata.annotations', 'any beside its label: they tell of this Deployment alone', [
    {
      what: 'without its label',
      change: { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } },
      says: 'carries its label',
    },
  ]),
  field('spec.selector', 'the pods of its own server', [
    {
      what: 'that selects others',
      change: {
        spec: { selector: { matchLabels: { app: 'theirs' } }, template: { metadata: { labels: { app: 'theirs' } } } },
      },
      says: 'denied request',
    },
  ]),
  field('spec.replicas', 'at most 100', [
    { what: 'of a thousand pods', change: { spec: { replicas: 1000 } }, says: 'at most 100 pods' },
  ]),
  field(
    'template.metadata',
    'its labels; annotations below `mcp.gateway.io/` and `kubectl.kubernetes.io/restartedAt`',
    [
      {
        what: 'whose pods carry a label of others',
        change: { spec: { template: { metadata: { labels: { app: 'theirs' } } } } },
        says: 'no labels but their own',
      },
      {
        what: 'whose pods carry an annotation',
        change: { spec: { template: { metadata: { annotations: { 'k8s.v1.cni.cncf.io/networks': 'host' } } } } },
        says: 'no annotations but their own',
      },
      {
        what: 'whose pods carry a finalizer',
        change: { spec: { template: { metadata: { finalizers: ['example.com/x'] } } } },
        says: 'no finalizers',
      },
    ],
  ),
  field('serviceAccountName, automountServiceAccountToken', 'that of its own server; `false`', [
    {
      what: 'with another ServiceAccount',
      change: pod({ serviceAccountName: 'default' }),
      says: 'another ServiceAccount',
    },
    {
      what: 'with its ServiceAccount under the former name',
      change: pod({ serviceAccountName: null, serviceAccount: 'default' }),
      says: 'another ServiceAccount',
    },
    { what: 'with a token', change: pod({ automountServiceAccountToken: true }), says: 'with a token' },
  ]),
  field(
    'template.spec.*',
    'containers, volumes, `imagePullSecrets`, grace period, where it is scheduled (tolerations, selectors, affinity, spread); what was there; what `mcp.gateway.io/admission-adds` names',
    [
      ...[
        { hostNetwork: true },
        { hostPID: true },
        { hostIPC: true },
        { shareProcessNamespace: true },
        { hostUsers: true },
        { hostAliases: [{ ip: '127.0.0.1', hostnames: ['x'] }] },
        { hostname: 'theirs' },
        { subdomain: 'theirs' },
        { nodeName: 'node-1' },
        { priorityClassName: 'system-node-critical' },
        { runtimeClassName: 'kata' },
        { dnsConfig: { nameservers: ['192.0.2.1'] } },
        { os: { name: 'linux' } },
        { readinessGates: [{ conditionType: 'example.com/x' }] },
        { schedulingGates: [{ name: 'example.com/x' }] },
        { preemptionPolicy: 'Never' },
      ].map(spec => ({ what: `with ${Object.keys(spec)[0]}`, change: pod(spec), says: others })),
      { what: 'with a DNS of its own', change: pod({ dnsPolicy: 'Default' }), says: 'another DNS or scheduler' },
      { what: 'with a scheduler of its own', change: pod({ schedulerName: 'x' }), says: 'another DNS or scheduler' },
    ],
  ),
  field(
    'template.spec.securityContext',
    '`runAsNonRoot`, `fsGroup`, the seccomp profile of the runtime; what was there',
    [
      { runAsNonRoot: false },
      { runAsUser: 0 },
      { supplementalGroups: [0] },
      { fsGroup: 0 },
      { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '0' }] },
      { seccompProfile: { type: 'Unconfined' } },
      { seLinuxOptions: { type: 'spc_t' } },
      { appArmorProfile: { type: 'Unconfined' } },
    ].map(securityContext => ({
      what: `with a pod of ${Object.keys(securityContext)[0]}`,
      change: pod({ securityContext }),
      says: 'no pod with a security context beyond',
    })),
  ),
  field(
    'template.spec.volumes',
    'ConfigMaps, Secrets and empty folders; what was there. Which Secrets CEL cannot know',
    [
      { hostPath: { path: '/' } },
      { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      { persistentVolumeClaim: { claimName: 'x' } },
      { csi: { driver: 'example.com' } },
      { nfs: { server: 'x', path: '/' } },
      { downwardAPI: { items: [] } },
      { image: { reference: 'x' } },
      {
        ephemeral: {
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } },
          },
        },
      },
    ].map(volume => ({
      what: `with a volume of ${Object.keys(volume)[0]}`,
      change: pod({ volumes: [{ name: 'v', ...volume }] }),
      says: 'another volume than',
    })),
  ),
  field(
    'containers[].securityContext, ports',
    'as the level `restricted` has it; no port of the host; what was there',
    [
      { what: 'with a container without bounds', change: run(container({ securityContext: {} })), says: bounds },
      {
        what: 'with a sidecar without bounds',
        change: pod({ initContainers: [{ name: 'first', image: 'x', restartPolicy: 'Always' }] }),
        says: bounds,
      },
      ...[
        { privileged: true, allowPrivilegeEscalation: true },
        { allowPrivilegeEscalation: true },
        { runAsNonRoot: false },
        { runAsUser: 0 },
        { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } },
        { capabilities: { drop: ['NET_RAW'] } },
      ].map(change => ({
        what: `with a container of ${JSON.stringify(change)}`,
        change: run(loose(change)),
        says: bounds,
      })),
      ...[
        { seccompProfile: { type: 'Unconfined' } },
        { appArmorProfile: { type: 'Unconfined' } },
        { procMount: 'Unmasked' },
        { seLinuxOptions: { type: 'spc_t' } },
      ].map(change => ({
        what: `with a container of ${JSON.stringify(change)}`,
        change: merge(run(loose(change)), 'procMount' in change ? pod({ hostUsers: false }) : {}),
        says: 'denied request',
      })),
      ...[{ hostPort: 80 }, { hostPort: 80, hostIP: '0.0.0.0' }].map(port => ({
        what: `with ${JSON.stringify(port)}`,
        change: run(container({ ports: [{ containerPort: 80, ...port }] })),
        says: bounds,
      })),
    ],
  ),
  field('containers[] probes and hooks', 'none with a `host`: the kubelet asks it from the node', [
    ...['startupProbe', 'livenessProbe', 'readinessProbe'].flatMap(probe => [
      {
        what: `with a ${probe} of another host`,
        change: run(container({ [probe]: { httpGet: ask } })),
        says: 'ask the pod itself',
      },
      {
        what: `with a ${probe} of a socket of another host`,
        change: run(container({ [probe]: { tcpSocket: { host: '192.0.2.1', port: 22 } } })),
        says: 'ask the pod itself',
      },
    ]),
    ...['postStart', 'preStop'].map(hook => ({
      what: `with a hook ${hook} of another host`,
      change: run(container({ lifecycle: { [hook]: { httpGet: ask } } })),
      says: 'ask the pod itself',
    })),
  ]),
  field(
    'containers[].*',
    'image, command, environment by name, mounts, probes, resources; what was there',
    [{ envFrom: [{ secretRef: { name: 'theirs' } }] }, { stdin: true }, { tty: true }].map(change => ({
      what: `with a container of ${Object.keys(change)[0]}`,
      change: run(container(change)),
      says: 'without whole Secrets as their environment',
    })),
  ),
  field('containers[].resources', 'processor, memory and ephemeral storage', [
    {
      what: 'with a device of the node',
      change: run(container({ resources: { limits: { 'example.com/fuse': '1' } } })),
      says: 'without devices of the node',
    },
    {
      what: 'with a claim of a device',
      change: merge(
        run(container({ resources: { claims: [{ name: 'gpu' }] } })),
        pod({ resourceClaims: [{ name: 'gpu', resourceClaimName: 'x' }] }),
      ),
      says: 'denied request',
    },
  ]),
]

function merge(one: object, other: object): object {
  const [a, b] = [one, other] as { spec?: { template: { spec: object } } }[]
  return pod({ ...a?.spec?.template.spec, ...b?.spec?.template.spec })
}
