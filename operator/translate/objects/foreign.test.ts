import { describe, expect, test } from 'vitest'
import type { KubernetesObject } from '../model/desired.ts'
import { differences, foreignOf, foreignMetadata } from './foreign.ts'
import { affectsReadiness } from './affects-readiness.ts'
import { needsRecreation, replacePatch } from './replace-patch.ts'

const metadata = { name: 'mcp-one', namespace: 'team', labels: { of: 'ours' } }
const probe = { httpGet: { path: '/', port: 1 } }
const containers = [
  {
    name: 'server',
    image: 'example.test/mcp:1',
    env: [{ name: 'EMPTY', value: '' }],
    ports: [{ containerPort: 8080 }],
    resources: { limits: { cpu: '1000m', memory: '0.5Gi' } },
    livenessProbe: probe,
  },
]
const deployment: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: { template: { metadata: { annotations: { shape: 'x' } }, spec: { containers } } },
}
/** The same, as an API server gives it back. */
const whole = {
  ...deployment,
  metadata: { ...metadata, uid: 'u', resourceVersion: '7' },
  spec: {
    progressDeadlineSeconds: 600,
    revisionHistoryLimit: 10,
    template: {
      metadata: { creationTimestamp: null, annotations: { shape: 'x', 'kubectl.kubernetes.io/restartedAt': 'now' } },
      spec: {
        restartPolicy: 'Always',
        dnsPolicy: 'ClusterFirst',
        schedulerName: 'default-scheduler',
        securityContext: {},
        containers: [
          {
            name: 'server',
            image: 'example.test/mcp:1',
            env: [{ name: 'EMPTY' }],
            ports: [{ containerPort: 8080, protocol: 'TCP' }],
            resources: { limits: { cpu: '1', memory: '512Mi' } },
            livenessProbe: {
              httpGet: { path: '/', port: 1, scheme: 'HTTP' },
              timeoutSeconds: 1,
              periodSeconds: 10,
              successThreshold: 1,
              failureThreshold: 3,
            },
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            imagePullPolicy: 'IfNotPresent',
          },
        ],
      },
    },
  },
  status: { replicas: 1 },
}
const service: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata,
  spec: { selector: { app: 'x' }, ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }] },
}

test('what the API server puts in by itself is no difference, in whatever form it writes an amount', () => {
  expect(differences(deployment, whole)).toEqual([])
  const spec = {
    ...(service['spec'] as object),
    type: 'ClusterIP',
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1'],
    ipFamilies: ['IPv4'],
    internalTrafficPolicy: 'Cluster',
  }
  expect(differences(service, { ...service, spec })).toEqual([])
})

test.each([
  ['example.test/mcp:1', 'IfNotPresent'],
  ['example.test/mcp:latest', 'Always'],
  ['example.test:5000/mcp', 'Always'],
  ['example.test/mcp@sha256:0', 'IfNotPresent'],
  ['example.test/mcp:latest@sha256:0', 'Always'],
])('the image %s is pulled %s unless somebody says otherwise', (image, imagePullPolicy) => {
  const of = (more: object) => ({
    ...deployment,
    spec: { template: { spec: { containers: [{ name: 'server', image, ...more }] } } },
  })
  expect(differences(of({}), of({ imagePullPolicy }))).toEqual([])
  expect(differences(of({}), of({ imagePullPolicy: 'Never' }))).toEqual([
    { path: 'spec.template.spec.containers[server].imagePullPolicy', how: 'added' },
  ])
})

test('names what was added, changed and taken away by its path, each entry of a list and each key of a map for itself', () => {
  const [container] = whole.spec.template.spec.containers
  const evil = {
    ...whole,
    spec: {
      ...whole.spec,
      replicas: 2,
      template: {
        metadata: { annotations: { evil: '' } },
        spec: {
          nodeSelector: { a: 'b', 'c]\n': 'd' },
          tolerations: [{ operator: 'Exists' }],
          containers: [
            { ...container, image: 'other', env: [{ name: 'EMPTY' }, { name: 'EMPTY', value: 'x' }], ports: [] },
            { name: 'evil' },
          ],
        },
      },
    },
  }
  expect(differences(deployment, evil).map(({ path, how }) => `${how} ${path}`)).toEqual([
    'added spec.template.metadata.annotations[evil]',
    'missing spec.template.metadata.annotations[shape]',
    'added spec.template.spec.nodeSelector[a]',
    'added spec.template.spec.nodeSelector[c??]',
    'added spec.template.spec.tolerations',
    'changed spec.template.spec.containers[server].image',
    'added spec.template.spec.containers[server].env[EMPTY]',
    'missing spec.template.spec.containers[server].ports[8080/TCP]',
    'added spec.template.spec.containers[evil]',
    'added spec.replicas',
  ])
})

test('a selector of a NetworkPolicy that is empty means all, and is a difference', () => {
  const policy = (peer: object): KubernetesObject => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata,
    spec: { podSelector: {}, ingress: [{ from: [peer], ports: [{ port: 1, protocol: 'TCP' }] }] },
  })
  const pods = { podSelector: { matchLabels: { a: 'b' } } }
  expect(differences(policy(pods), policy(pods))).toEqual([])
  expect(differences(policy(pods), policy({ ...pods, namespaceSelector: {} }))).toEqual([
    { path: 'spec.ingress[0].from[0].namespaceSelector', how: 'added' },
  ])
})

test('annotations of a ServiceAccount count, and those of other objects are told of', () => {
  const annotations = { 'eks.amazonaws.com/role-arn': 'x', 'deployment.kubernetes.io/revision': '1' }
  const there = (wish: KubernetesObject) => ({ ...wish, metadata: { ...wish.metadata, annotations } })
  const account: KubernetesObject = { apiVersion: 'v1', kind: 'ServiceAccount', metadata }
  expect(differences(account, there(account)).map(({ path }) => path)).toEqual([
    'metadata.annotations[eks.amazonaws.com/role-arn]',
    'metadata.annotations[deployment.kubernetes.io/revision]',
  ])
  expect(foreignMetadata(account, there(account))).toEqual([])
  expect(differences(service, there(service))).toEqual([])
  expect(foreignMetadata(service, there(service)).map(({ path }) => path)).toEqual([
    'metadata.annotations[eks.amazonaws.com/role-arn]',
  ])
})

const pod = 'spec.template.spec.'
test.each([
  ['Deployment', `${pod}containers[evil]`, true],
  ['Deployment', `${pod}initContainers[evil]`, true],
  ['Deployment', `${pod}volumes[evil]`, true],
  ['Deployment', `${pod}initContainers[gateway].env[NODE_OPTIONS]`, true],
  ['Deployment', `${pod}containers[gateway].envFrom`, true],
  ['Deployment', `${pod}initContainers[gateway].image`, true],
  ['Deployment', `${pod}hostNetwork`, true],
  ['Deployment', `${pod}initContainers[gateway].resources.limits.cpu`, false],
  ['Deployment', `${pod}initContainers[gateway].aFieldOfTomorrow`, false],
  ['Deployment', `${pod}containers[server].env[DD_AGENT_HOST]`, false],
  ['Deployment', `${pod}tolerations`, false],
  ['Deployment', `${pod}nodeSelector[pool]`, false],
  ['Deployment', 'spec.template.metadata.labels[team]', false],
  ['Deployment', 'metadata.annotations[autopilot.gke.io/x]', false],
  ['Service', 'spec.ports[9090/TCP]', true],
  ['Service', 'spec.ports[80/TCP].nodePort', true],
  ['Service', 'spec.selector[app]', true],
  ['Service', 'spec.type', true],
  ['Service', 'spec.externalIPs', true],
  ['Service', 'spec.trafficDistribution', false],
  ['Service', 'metadata.labels[team]', false],
  ['NetworkPolicy', 'spec.egress', true],
  ['NetworkPolicy', 'metadata.labels[team]', false],
  ['ConfigMap', 'data[evil]', true],
  ['ConfigMap', 'binaryData[evil]', true],
  ['ServiceAccount', 'imagePullSecrets[evil]', false],
])('%s %s: that it stays makes a server not ready: %s', (kind, path, grave) => {
  expect(affectsReadiness(kind, path)).toBe(grave)
  const told = foreignOf({ ...service, kind }, [{ path, how: 'added' }])
  expect(told).toEqual({ kind, name: 'mcp-one', grave: grave ? [path] : [], minor: grave ? [] : [path] })
})

describe('one write of the whole object', () => {
  test('keeps the addresses of a Service and the time of a restart, and holds for what was looked at alone', () => {
    const spec = {
      ...(service['spec'] as object),
      clusterIP: '10.0.0.1',
      clusterIPs: ['10.0.0.1'],
      externalIPs: ['1.2.3.4'],
    }
    const live = {
      ...service,
      metadata: { ...metadata, uid: 'u', resourceVersion: '7', labels: { theirs: 'x' } },
      spec,
    }
    expect(replacePatch(service, live)).toEqual([
      { op: 'add', path: '/metadata/resourceVersion', value: '7' },
      { op: 'add', path: '/metadata/uid', value: 'u' },
      { op: 'add', path: '/metadata/labels', value: { theirs: 'x', of: 'ours' } },
      {
        op: 'add',
        path: '/spec',
        value: { ...(service['spec'] as object), clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] },
      },
    ])
    const seen = { ...whole, metadata: { ...whole.metadata, generation: 3 } }
    expect(replacePatch(deployment, seen)[0]).toEqual({ op: 'test', path: '/metadata/generation', value: 3 })
    expect(replacePatch(deployment, seen)).toContainEqual({
      op: 'add',
      path: '/spec',
      value: {
        template: {
          metadata: { annotations: { shape: 'x', 'kubectl.kubernetes.io/restartedAt': 'now' } },
          spec: { containers },
        },
      },
    })
  })

  test('takes away what stands beside', () => {
    const map: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } }
    expect(replacePatch(map, { ...map, binaryData: { evil: '' } })).toContainEqual({
      op: 'remove',
      path: '/binaryData',
    })
  })

  test('is of no use for what no write can change', () => {
    const map: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata, immutable: false }
    expect(needsRecreation(map, { ...map, immutable: true })).toBe(true)
    expect(needsRecreation(map, map)).toBe(false)
    expect(needsRecreation(service, { ...service, spec: { clusterIP: 'None' } })).toBe(true)
    const selector = (app: string) => ({ ...deployment, spec: { selector: { matchLabels: { app } } } })
    expect(needsRecreation(selector('a'), selector('b'))).toBe(true)
    expect(needsRecreation(selector('a'), selector('a'))).toBe(false)
  })
})
