import { expect, test } from 'vitest'
import { altered, containerNames, gatewayShape, type ExpectedPod } from './pod-drift.ts'
import type { ObservedPod, ObservedServer } from '../model/observed.ts'

const gateway = {
  name: 'gateway',
  image: 'example.test/gateway:1',
  args: ['--pod'],
  env: [{ name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } }],
  volumeMounts: [{ name: 'config', mountPath: '/etc', readOnly: true }],
}
const server = { name: 'server', image: 'example.test/mcp:1' }
const template = { initContainers: [gateway], containers: [server] }
const expected: ExpectedPod = { shape: 's', gateway: gatewayShape(template), names: new Set(['gateway', 'server']) }

const pod = (spec: Parameters<typeof gatewayShape>[0], name = 'p'): ObservedPod => {
  const shape = gatewayShape(spec)
  return {
    name,
    uid: name,
    ready: true,
    deleting: false,
    containers: [],
    holds: containerNames(spec),
    ...(shape && { gateway: shape }),
  }
}
const counts = { generation: 2, observedGeneration: 2, replicas: 1, updatedReplicas: 1, readyReplicas: 1 }
const observed = (pods: readonly ObservedPod[], more: object = {}): ObservedServer => ({
  deployment: { ...counts, availableReplicas: 1, shape: 's', ...more },
  pods,
  conflicts: [],
})
const changed = (field: object) => ({ initContainers: [{ ...gateway, ...field }], containers: [server] })

test('a pod as the API server made it of its template is not altered, whatever else runs in it', () => {
  const defaulted = {
    initContainers: [
      {
        ...gateway,
        imagePullPolicy: 'IfNotPresent',
        env: [{ name: 'POD_UID', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.uid' } } }],
      },
      { name: 'mesh' },
    ],
    containers: [server],
    ephemeralContainers: [{ name: 'debugger' }],
  }
  expect(altered(observed([pod(defaulted)]), expected, 1)).toBeUndefined()
  expect(containerNames(defaulted)).toEqual(['gateway', 'mesh', 'server', 'debugger'])
})

test.each([
  ['image', { image: 'example.test/evil:1' }],
  ['command', { command: ['evil'] }],
  ['args', { args: ['--pod', '--evil'] }],
  ['env', { env: [...gateway.env, { name: 'NODE_OPTIONS', value: '--import=x' }] }],
  ['envFrom', { envFrom: [{ secretRef: { name: 'evil' } }] }],
  ['volumeMounts', { volumeMounts: [...gateway.volumeMounts, { name: 'evil', mountPath: '/app' }] }],
])('a gateway with another %s is named with it', (field, change) => {
  const found = altered(observed([pod(changed(change))]), expected, 1)
  expect(found?.reason).toBe('GatewayAltered')
  expect(found?.message).toContain(`pod p, container gateway: ${field}:`)
})

test('pods are not judged while others of them are still to go, or the Deployment does not ask yet for what is wanted', () => {
  const evil = pod(changed({ image: 'example.test/gateway:0' }))
  expect(altered(observed([evil]), expected, 1)).toBeDefined()
  expect(altered(observed([evil], { shape: 'before' }), expected, 1)).toBeUndefined()
  expect(altered(observed([evil], { observedGeneration: 1 }), expected, 1)).toBeUndefined()
  expect(altered(observed([evil, pod(template, 'q')]), expected, 1)).toBeUndefined()
  expect(altered(observed([{ ...evil, deleting: true }, pod(template, 'q')]), expected, 1)).toBeUndefined()
})
