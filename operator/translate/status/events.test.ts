import { describe, expect, test } from 'vitest'
import { events, type StatusLike } from '../index.ts'

const status = (...conditions: (readonly [type: string, status: string, reason: string])[]): StatusLike => ({
  conditions: conditions.map(([type, status, reason]) => ({ type, status, reason, message: `because of ${reason}` })),
})

const reasons = (before: StatusLike | undefined, after: StatusLike): string[] =>
  events(before, after).map(({ type, reason }) => `${type} ${reason}`)

describe('events', () => {
  test('are not told of a status that did not change', () => {
    const same = status(['Accepted', 'False', 'Invalid'], ['Ready', 'True', 'Ready'])
    expect(events(same, structuredClone(same))).toEqual([])
  })

  test('tell the first failure of a new object, and nothing of what is as expected', () => {
    const first = status(['Accepted', 'True', 'Accepted'], ['Available', 'False', 'ImagePullFailed'])
    expect(events(undefined, first)).toEqual([
      { type: 'Warning', reason: 'ImagePullFailed', action: 'Run', note: 'because of ImagePullFailed' },
    ])
  })

  test('tell that a server became ready, and that it no longer is', () => {
    const [ready, failed] = [status(['Ready', 'True', 'Ready']), status(['Ready', 'False', 'HandshakeFailed'])]
    expect(reasons(failed, ready)).toEqual(['Normal Ready'])
    expect(reasons(ready, failed)).toEqual(['Warning HandshakeFailed'])
  })

  test('tell another reason of the same failure', () => {
    const crash = status(['Available', 'False', 'CrashLoop'])
    expect(reasons(crash, status(['Available', 'False', 'OutOfMemory']))).toEqual(['Warning OutOfMemory'])
  })

  test('are told once where Ready repeats what another condition says', () => {
    const both = status(['Available', 'False', 'CrashLoop'], ['Ready', 'False', 'CrashLoop'])
    expect(reasons(undefined, both)).toEqual(['Warning CrashLoop'])
  })

  test.each(['RolloutInProgress', 'WaitingForGateways'])('are not told of %s, which comes and goes', reason => {
    const before = status(['Available', 'True', 'Available'], ['Programmed', 'True', 'Programmed'])
    expect(events(before, status(['Available', 'False', reason], ['Programmed', 'False', reason]))).toEqual([])
  })

  test('do not warn of a stop that somebody asked for', () => {
    expect(reasons(undefined, status(['Available', 'False', 'Stopped']))).toEqual(['Normal Stopped'])
  })

  test('warn of a policy from which a server fell out', () => {
    const under = (...origins: string[]): StatusLike => ({
      inForce: origins.map(origin => ({ field: 'rules', value: 'x', origin })),
    })
    const before = under('GuardrailPolicy/strict, GuardrailPolicy/lab', 'MCPServer/x')
    expect(events(before, under('GuardrailPolicy/lab'))).toEqual([
      {
        type: 'Warning',
        reason: 'PolicyNoLongerInForce',
        action: 'Guard',
        note: 'GuardrailPolicy/strict is no longer in force on this server.',
      },
    ])
    expect(events(undefined, before)).toEqual([])
  })

  test('are at most as long as an Event may be', () => {
    const [long] = events(undefined, {
      conditions: [{ type: 'Accepted', status: 'False', reason: 'Invalid', message: 'x'.repeat(5000) }],
    })
    expect(long?.note).toHaveLength(1000)
  })
})
