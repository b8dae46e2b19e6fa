import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { binder } from './binder.ts'
import type { Principal } from '../exchange.ts'
import { taskMemory, tasksOf } from './tasks.ts'

const tasks = () => tasksOf(binder([randomBytes(32)], 'one'), taskMemory())
const caller = (id: string): Principal => ({
  provider: 'key',
  subject: id,
  id,
  grants: { expiresAt: Infinity, allowsScope: () => true, allowsServer: () => true, allowsTool: () => true },
})
const anna = caller('anna')

describe('what is remembered of tasks has bounds', () => {
  test('of 10,000 tasks of one caller the newest stay, and those of another are not touched', () => {
    const all = tasks()
    all.note(caller('bert'), { id: 'b', tool: 't' })
    for (let at = 0; at < 10_000; at += 1) all.note(anna, { id: `a${at}`, tool: 't' })
    expect(all.seen(anna, 'a9999')).toMatchObject({ id: 'a9999' })
    expect(all.seen(anna, 'a9743')).toBeUndefined()
    expect(['a9999', 'a9743', 'b', 'c'].map(id => all.isHeld(id))).toEqual([true, false, true, false])
    expect(all.seen(caller('bert'), 'b')).toMatchObject({ id: 'b' })
  })

  test('what the caller chose is not kept when it is long: the token for progress, the name of the tool', () => {
    const all = tasks()
    const long = 'x'.repeat(513)
    all.note(anna, { id: 'a', tool: 't' }, `"${long}"`)
    expect(all.reports(anna, `"${long}"`)).toBe(false)
    all.note(anna, { id: 'a', tool: 't' }, '"short"')
    expect(all.reports(anna, '"short"')).toBe(true)
    all.note(anna, { id: 'b', tool: long })
    expect(all.seen(anna, 'b')).toBeUndefined()
    expect(all.seal(anna, { id: 'b', tool: long })).toBeUndefined()
  })
})
