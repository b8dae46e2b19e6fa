import { describe, expect, test } from 'vitest'
import { countChecks, differences, looksBroken, unlike, type Check, type Results } from './compare.ts'

const results = (scenarios: Record<string, Check[]>): Results => new Map(Object.entries(scenarios))
const check = (id: string, status = 'SUCCESS', message?: string): Check => ({
  id,
  status,
  ...(message !== undefined && { message }),
})

describe('differences', () => {
  test('are none when every check has the same status, in whatever order', () => {
    const a = results({ ping: [check('one'), check('two', 'WARNING')] })
    const b = results({ ping: [check('two', 'WARNING'), check('one')] })
    expect(differences(a, b)).toEqual([])
  })

  test('name a check that is no success only on one side, failures included', () => {
    const a = results({ tasks: [check('one', 'FAILURE'), check('two', 'INFO')] })
    const b = results({ tasks: [check('one', 'FAILURE'), check('two', 'SKIPPED', 'no answer')] })
    expect(differences(a, b)).toEqual([
      { scenario: 'tasks', id: 'two', direct: ['INFO'], through: ['SKIPPED'], message: 'no answer' },
    ])
  })

  test('count how often the same id was reported', () => {
    const a = results({ sse: [check('event', 'INFO'), check('event', 'INFO')] })
    const b = results({ sse: [check('event', 'INFO')] })
    expect(differences(a, b)).toEqual([{ scenario: 'sse', id: 'event', direct: ['INFO', 'INFO'], through: ['INFO'] }])
  })

  test('name a scenario that did not run through the gateway', () => {
    expect(differences(results({ ping: [check('one')] }), results({}))).toEqual([
      { scenario: 'ping', id: '(scenario)', direct: ['ran'], through: ['did not run'] },
    ])
  })
})

test('a sabotage is seen only by what it adds', () => {
  const before = { scenario: 's', id: 'known', direct: ['SUCCESS'], through: ['FAILURE'] }
  const added = { scenario: 's', id: 'new', direct: ['SUCCESS'], through: ['WARNING'] }
  const worse = { scenario: 's', id: 'known', direct: ['SUCCESS'], through: ['SKIPPED'] }
  expect(unlike([before, added, worse], [before])).toEqual([added, worse])
})

test('checks of the same id are counted each', () => {
  expect(countChecks(results({ a: [check('one'), check('one')], b: [check('two')] }))).toBe(3)
})

test.each([
  ['fetch failed: read ECONNRESET', true],
  ['Request timed out', true],
  ['Expected HTTP 404, got 200', false],
])('%s is %s as a broken connection', (message, broken) => {
  expect(looksBroken({ scenario: 's', id: 'i', direct: [], through: [], message })).toBe(broken)
})
