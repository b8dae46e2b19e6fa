import { expect, test } from 'vitest'
import { lineBuffer } from './line-buffer.ts'

test('lines that come together are written together, in their order', async () => {
  const writes: string[] = []
  const buffer = lineBuffer(lines => writes.push(lines))
  for (let at = 0; at < 10; at += 1) buffer.write(`${at}\n`)
  expect(writes).toEqual([])
  await expect.poll(() => writes).toEqual(['0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n'])
})

test('a flood is written in pieces and nothing waits after a flush', () => {
  const writes: string[] = []
  const buffer = lineBuffer(lines => writes.push(lines))
  const line = `${'x'.repeat(1023)}\n`
  for (let at = 0; at < 100; at += 1) buffer.write(line)
  buffer.flush()
  buffer.flush()
  expect(writes.length).toBeGreaterThan(1)
  expect(writes.length).toBeLessThan(20)
  expect(writes.join('')).toBe(line.repeat(100))
})
