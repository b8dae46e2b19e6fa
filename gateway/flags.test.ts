import { expect, test } from 'vitest'
import { readFlags } from './flags.ts'

const required = ['--config', '/c', '--state', '/s']

test('in a pod every port is bound in both families, and the operator may look', () => {
  const both = (port: number) => [
    { host: '0.0.0.0', port },
    { host: '::', port, optional: true },
  ]
  expect(readFlags([...required, '--pod'])).toMatchObject({
    operator: true,
    client: both(18_080),
    admin: both(18_081),
    metrics: both(9090),
  })
})

test('without it the gateway is reached from this machine alone, and no operator comes in', () => {
  expect(readFlags(required)).toMatchObject({
    operator: false,
    client: [{ host: '127.0.0.1', port: 8080 }],
    admin: [{ socket: '/s/admin.sock' }],
    metrics: [],
    guard: undefined,
    drain: {},
  })
})

test('an address that was written wins over the ports of a pod', () => {
  const flags = readFlags([...required, '--pod', '--listen', '[::1]:1', '--listen', ':2', '--admin', '/run/a.sock'])
  expect(flags.client).toEqual([
    { host: '::1', port: 1 },
    { host: '0.0.0.0', port: 2 },
    { host: '::', port: 2, optional: true },
  ])
  expect(flags.admin).toEqual([{ socket: '/run/a.sock' }])
})

test('the audit log of a pod goes to standard output unless a file is named; alone it is in the state folder', () => {
  expect(readFlags(required).audit).toBe('/s/audit.jsonl')
  expect(readFlags([...required, '--pod']).audit).toBeUndefined()
  expect(readFlags([...required, '--pod', '--audit', '/a/audit.jsonl']).audit).toBe('/a/audit.jsonl')
})

test('a pod that is given its guard secret needs no state folder', () => {
  expect(readFlags(['--config', '/c', '--pod', '--guard', '/g/guard']).state).toBeUndefined()
  expect(() => readFlags(['--config', '/c', '--guard', '/g/guard'])).toThrow('usage: gateway')
})

test('times are durations, and what is none is refused', () => {
  expect(readFlags([...required, '--drain-settle', '1m500ms', '--drain-grace', '10s']).drain).toEqual({
    settle: 60_500,
    grace: 10_000,
  })
  expect(() => readFlags([...required, '--drain-settle', '5'])).toThrow('--drain-settle 5: must be a duration')
})

test('without its folders the gateway says how it is called', () => {
  expect(() => readFlags(['--pod'])).toThrow('usage: gateway --config DIR --state DIR')
})
