import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkBuffer } from './chunk-buffer.ts'

test('chunks of any size give their bytes in order, and later chunks change nothing that was taken', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40_000 }), { maxLength: 12 }), chunks => {
      const gathered = new ChunkBuffer()
      for (const chunk of chunks) gathered.push(Buffer.from(chunk))
      const all = Buffer.concat(chunks)
      expect(gathered.length).toBe(all.length)
      const taken = gathered.take()
      gathered.push(Buffer.from('other'))
      expect(taken.equals(all)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('one chunk is given back as it is', () => {
  const gathered = new ChunkBuffer()
  const chunk = Buffer.from('abc')
  gathered.push(chunk)
  expect(gathered.take()).toBe(chunk)
})

test('a chunk is never written to: it belongs to the one who gave it', () => {
  const slab = Buffer.from('abcdef')
  const gathered = new ChunkBuffer()
  gathered.push(slab.subarray(0, 3))
  gathered.push(Buffer.from('XYZ'))
  expect(slab.toString()).toBe('abcdef')
  expect(gathered.take().toString()).toBe('abcXYZ')
})
