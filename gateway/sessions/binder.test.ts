import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { binder, packed, unpacked } from './binder.ts'
import type { Principal } from '../exchange.ts'
import { taskMemory, tasksOf } from './tasks.ts'

const [old, now] = [randomBytes(32), randomBytes(32)]
const principal = (subject: string): Principal => ({
  provider: 'key',
  subject,
  id: subject,
  grants: { allowsScope: () => true, allowsServer: () => true, allowsTool: () => true, expiresAt: Infinity },
})

test('what is sealed opens for its holder, at its server, and for nobody else', () => {
  const one = binder([now], 'one')
  const sealed = one.seal('anna', 'text')
  expect(one.open('anna', sealed)).toBe('text')
  expect(one.open('bert', sealed)).toBeUndefined()
  expect(binder([now], 'two').open('anna', sealed)).toBeUndefined()
  expect(binder([randomBytes(32)], 'one').open('anna', sealed)).toBeUndefined()
})

test('the same text for the same holder is the same bytes; any other differs', () => {
  const one = binder([now], 'one')
  expect(one.seal('anna', 'text').equals(one.seal('anna', 'text'))).toBe(true)
  for (const other of [one.seal('bert', 'text'), one.seal('anna', 'texts'), one.seal('anna', '')])
    expect(other.equals(one.seal('anna', 'text'))).toBe(false)
})

test('no changed byte opens, and nothing is too short to be refused', () => {
  const one = binder([now], 'one')
  const sealed = one.seal('anna', 'text')
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed)
    changed[at]! ^= 1
    expect(one.open('anna', changed)).toBeUndefined()
    expect(one.open('anna', sealed.subarray(0, at))).toBeUndefined()
  }
})

test('what a previous guard sealed still opens', () => {
  const sealed = binder([old], 'one').seal('anna', 'text')
  expect(binder([now, old], 'one').open('anna', sealed)).toBe('text')
})

test('an id of a task consists of letters that no detector takes for anything, and no other spelling of it opens', () => {
  const tasks = tasksOf(binder([now], 'one'), taskMemory())
  const sealed = tasks.seal(principal('anna'), { id: 't', tool: 'x' })!
  expect(sealed).toMatch(/^[bcdfghjklmnpqrst]+$/)
  expect(tasks.open(principal('anna'), sealed)).toEqual({ id: 't', tool: 'x' })
  for (const other of [
    sealed.toUpperCase(),
    `${sealed}b`,
    `${sealed}bb`,
    ` ${sealed}`,
    sealed.slice(1),
    'b'.repeat(100_000),
  ])
    expect(tasks.open(principal('anna'), other)).toBeUndefined()
})

test('the memory of tasks is bounded for one principal and for all; who was silent for longest loses first', () => {
  const tasks = tasksOf(binder([now], 'one'), taskMemory())
  const held = (subject: string, count: number): number => {
    let found = 0
    for (let at = 0; at < count; at += 1) if (tasks.seen(principal(subject), `t${at}`) !== undefined) found += 1
    return found
  }
  tasks.note(principal('quiet'), { id: 't0', tool: '' })
  for (let at = 0; at < 300; at += 1) tasks.note(principal('anna'), { id: `t${at}`, tool: '' })
  expect([held('anna', 300), held('quiet', 1)]).toEqual([256, 1])
  expect(tasks.seen(principal('anna'), 't299')).toBeDefined()
  for (let who = 0; who < 20; who += 1)
    for (let at = 0; at < 256; at += 1) tasks.note(principal(`p${who}`), { id: `t${at}`, tool: '' })
  expect([held('quiet', 1), held('anna', 300), held('p19', 256)]).toEqual([0, 0, 256])
  tasks.note(principal('long'), { id: 'x'.repeat(513), tool: '' })
  expect(tasks.seen(principal('long'), 'x'.repeat(513))).toBeUndefined()
})

test('texts that are packed come out as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), texts => void expect(unpacked(packed(texts))).toEqual(texts)),
  )
})
