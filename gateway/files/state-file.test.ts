import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readOrCreateStateFile } from './state-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'bartizan-kept-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('the bytes are made once, for their owner alone, and leave nothing beside them', () => {
  const file = join(folder, 'guard')
  const made = readOrCreateStateFile(file)
  expect(made).toHaveLength(32)
  expect(readOrCreateStateFile(file)).toEqual(made)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['guard'])
})

test.each([0, 1, 31, 33])('a file of %i bytes is refused, is left as it is, and the message says what to do', count => {
  const file = join(folder, `of-${count}`)
  writeFileSync(file, Buffer.alloc(count))
  expect(() => readOrCreateStateFile(file)).toThrow(
    `${file}: holds ${count} bytes instead of 32 random ones: remove it`,
  )
  expect(readFileSync(file)).toHaveLength(count)
})
