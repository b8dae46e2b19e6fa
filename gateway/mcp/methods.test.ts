import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import type { Era, Shape } from '../exchange.ts'
import type { Sender } from './envelope.ts'
import { methodRow, methods } from './methods.ts'
import { pattern } from '../config/pattern.ts'

const may = (method: string, era: Era, from: Sender, shape: Shape = 'request') =>
  methodRow({ method, shape }, era, from) !== undefined

test('a method that is not in the table does not exist, not even one of Object', () => {
  const none = ['', 'tools/Call', 'tools/call ', 'constructor', '__proto__', 'toString', 'tools/delete']
  expect(none.filter(method => may(method, 'legacy', 'client') || may(method, 'modern', 'client'))).toEqual([])
})

test('a method exists in its eras, from its side, in its shape', () => {
  expect(may('initialize', 'legacy', 'client')).toBe(true)
  expect(may('initialize', 'modern', 'client')).toBe(false)
  expect(may('server/discover', 'modern', 'client')).toBe(true)
  expect(may('server/discover', 'legacy', 'client')).toBe(false)
  expect(may('sampling/createMessage', 'legacy', 'server')).toBe(true)
  expect(may('sampling/createMessage', 'legacy', 'client')).toBe(false)
  expect(may('tools/call', 'modern', 'server')).toBe(false)
  expect(may('tools/call', 'legacy', 'client', 'notification')).toBe(false)
  expect(may('notifications/progress', 'modern', 'server', 'notification')).toBe(true)
  expect(may('notifications/progress', 'modern', 'server', 'request')).toBe(false)
  expect(methodRow({ shape: 'response' }, 'legacy', 'client')).toBeUndefined()
})

test('a handshake is what greets and lists, reading is that and what only looks; everything else executes', () => {
  const asking = (scope: string) => Object.keys(methods).filter(method => methods[method]?.scope === scope)
  expect(asking('handshake')).toEqual([
    'initialize',
    'ping',
    'server/discover',
    'tools/list',
    'prompts/list',
    'resources/list',
    'notifications/initialized',
  ])
  const reading = asking('servers:read')
  expect(reading.filter(method => !method.startsWith('notifications/'))).toEqual([
    'resources/templates/list',
    'tasks/list',
  ])
  const notifications = Object.keys(methods).filter(method => methods[method]?.shape === 'notification')
  expect(notifications.filter(method => !reading.includes(method))).toEqual(['notifications/initialized'])
  expect(notifications).toEqual(Object.keys(methods).filter(method => method.startsWith('notifications/')))
})

test('every method that the SDK names for either era is in the table', () => {
  const entry = createRequire(import.meta.url).resolve('@modelcontextprotocol/server')
  const [chunk] = /src-[\w-]+\.[cm]js/.exec(readFileSync(entry, 'utf8')) ?? []
  const source = readFileSync(new URL(chunk ?? '', `file://${entry}`), 'utf8')
  for (const [era, suffix] of [
    ['legacy', '\\$1'],
    ['modern', ''],
  ] as const) {
    for (const [kind, shape] of [
      ['request', 'request'],
      ['notification', 'notification'],
    ] as const) {
      const [, table = ''] = pattern(`const ${kind}MethodKeys${suffix} = \\{([^}]*)\\}`).exec(source) ?? []
      const named = [...table.matchAll(/(?<![\w/])([\w/]+)"?: null/g)].map(match => match[1] ?? '')
      expect(named.length).toBeGreaterThan(7)
      const missing = named.filter(method => !may(method, era, 'client', shape) && !may(method, era, 'server', shape))
      expect(missing).toEqual([])
    }
  }
})
