import { describe, expect, test } from 'vitest'
import type { Handshake, ObservedPod, ObservedReport } from '../model/observed.ts'
import { phaseOf, type PhaseFacts } from './phase.ts'

const report: ObservedReport = { hash: 'h', schema: 1, ok: true, issues: [] }
const handshake: Handshake = { ok: true, hash: 'h', tools: [], inventory: 'i', revision: '2025-11-25' }
const pod = (more: Partial<ObservedPod> = {}): ObservedPod => ({
  name: 'p',
  uid: 'p',
  ready: true,
  deleting: false,
  containers: [],
  ...more,
})

/** A server with one pod, of which everything that one can know is known and good. */
const well: PhaseFacts = {
  compiled: true,
  replicas: 1,
  observed: { pods: [pod({ report })], conflicts: [], handshake },
  available: { status: 'True', reason: 'Available' },
  programmed: { status: 'True', reason: 'Programmed' },
  ready: { status: 'True', reason: 'Ready' },
  before: undefined,
}
const waiting = { status: 'False', reason: 'WaitingForGateways' } as const
const notReady = { status: 'False', reason: 'PodsNotReady' } as const
/** Its pod is ready, says the kubelet, and that is all. */
const unasked: Partial<PhaseFacts> = {
  observed: { pods: [pod()], conflicts: [] },
  programmed: waiting,
  ready: waiting,
}
const down: Partial<PhaseFacts> = {
  observed: { pods: [pod({ ready: false })], conflicts: [] },
  available: notReady,
  programmed: waiting,
  ready: notReady,
}

describe('the phase', () => {
  test.each<[string, Partial<PhaseFacts>, string]>([
    ['all is well', {}, 'Healthy'],
    ['no gateway was asked', unasked, 'Provisioning'],
    ['no gateway of a server that was being started was asked', { ...unasked, before: 'Provisioning' }, 'Provisioning'],
    ['no gateway of a server that had failed to start was asked', { ...unasked, before: 'Failed' }, 'Provisioning'],
    ['a server was stopped and no gateway was asked since', { ...unasked, before: 'Stopped' }, 'Provisioning'],
    ['the gateway of a new pod was not asked yet', { ...unasked, before: 'Healthy' }, 'Healthy'],
    ['the gateway of a new pod of a degraded one was not asked yet', { ...unasked, before: 'Degraded' }, 'Degraded'],
    ['the gateway of a pod that came back was not asked yet', { ...unasked, before: 'Unhealthy' }, 'Unhealthy'],
    [
      'the gateway said what it runs and nobody has come in yet',
      { observed: { pods: [pod({ report })], conflicts: [] } },
      'Provisioning',
    ],
    ['the gateway runs the configuration before', { programmed: waiting, ready: waiting }, 'Healthy'],
    ['a gateway refuses', { programmed: { status: 'False', reason: 'GatewayRefused' } }, 'Degraded'],
    ['a pod is missing', { replicas: 2 }, 'Degraded'],
    ['the handshake failed', { ready: { status: 'False', reason: 'HandshakeFailed' } }, 'Degraded'],
    ['no pod gets calls yet', down, 'Provisioning'],
    ['no pod gets calls any more', { ...down, before: 'Healthy' }, 'Unhealthy'],
    ['the image is not there', { ...down, available: { status: 'False', reason: 'ImagePullFailed' } }, 'Failed'],
    ['there are to be none', { replicas: 0 }, 'Stopped'],
    ['no version of the spec compiles', { compiled: false }, 'Failed'],
  ])('when %s', (_, facts, phase) => {
    expect(phaseOf({ ...well, ...facts })).toBe(phase)
  })

  /** From which phase to which, and by what; the documents have them in small letters (requirements, W-55). */
  const transitions: readonly [string, Partial<PhaseFacts>, string][] = [
    ['Provisioning', {}, 'Healthy'],
    ['Provisioning', { ...down, available: { status: 'False', reason: 'ImagePullFailed' } }, 'Failed'],
    ['Healthy', { replicas: 2 }, 'Degraded'],
    ['Healthy', down, 'Unhealthy'],
    ['Degraded', {}, 'Healthy'],
    ['Degraded', down, 'Unhealthy'],
    ['Unhealthy', {}, 'Healthy'],
    ['Unhealthy', { replicas: 0 }, 'Stopped'],
    ['Stopped', down, 'Provisioning'],
    ['Failed', down, 'Provisioning'],
  ]

  test('makes every transition of the life cycle in the documents, and stops from everywhere', () => {
    const phases = ['Provisioning', 'Healthy', 'Degraded', 'Unhealthy', 'Stopped', 'Failed']
    const stops = phases.map(phase => [phase, { replicas: 0 }, 'Stopped'] as const)
    for (const [before, facts, after] of [...transitions, ...stops])
      expect([before, phaseOf({ ...well, ...facts, before })]).toEqual([before, after])
  })
})
