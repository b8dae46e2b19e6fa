import { expect, test } from 'vitest'
import { compareQuantities } from '../../operator/translate/model/quantity.ts'
import { podAuditVolume, podRotation, standaloneRotation } from './rotation.ts'

/** Lines that wait in memory while a disk is slow come as one piece, and may make a file larger than it should be. */
const atOnce = 8 * 1024 * 1024

test('the volume of a pod has room for twice what its audit log may be: the log evicts no pod', () => {
  expect(compareQuantities(podAuditVolume, String(2 * (podRotation.keepBytes + atOnce)))).toBeGreaterThan(0)
})

test.each([
  ['of a pod', podRotation],
  ['standalone', standaloneRotation],
])('several files %s fit into what is kept', (_, { maxBytes, keepBytes, keepFiles }) => {
  expect(Math.min(keepFiles, keepBytes / maxBytes)).toBeGreaterThanOrEqual(10)
})
