import { execFileSync } from 'node:child_process'
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fileSink } from './file-sink.ts'

const folder = mkdtempSync(join(tmpdir(), 'bartizan-sink-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('lines are appended in their order, to what is there, in a file for its owner alone', async () => {
  const path = join(folder, 'a.jsonl')
  for (const run of ['1', '2']) {
    const sink = await fileSink(path, () => undefined)
    for (let at = 0; at < 5000; at += 1) sink.write(`${run}-${at} ${'x'.repeat(50)}\n`)
    await sink.close()
  }
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  expect(lines).toHaveLength(10_000)
  expect(lines[5000]).toMatch(/^2-0 /)
  expect(lines[9999]).toMatch(/^2-4999 /)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test.each([
  ['', 'next\n'],
  ['whole\n', 'whole\nnext\n'],
  ['whole\ntorn', 'whole\ntorn\nnext\n'],
])('a file that ends with %j goes on in a new line', async (before, after) => {
  const path = join(folder, 'torn.jsonl')
  writeFileSync(path, before)
  const sink = await fileSink(path, () => undefined)
  sink.write('next\n')
  await sink.close()
  expect(readFileSync(path, 'utf8')).toBe(after)
})

test('a disk that is full stalls the sink, is reported once, and loses nothing of what it took before', async () => {
  const errors: Error[] = []
  const sink = await fileSink('/dev/full', error => errors.push(error))
  sink.write('line\n')
  await expect.poll(() => sink.stalled()).toBe(true)
  await new Promise(resolve => setTimeout(resolve, 1_200))
  expect(errors).toHaveLength(1)
  expect(errors[0]).toMatchObject({ code: 'ENOSPC' })
  await sink.close()
})

test('a slow reader gets everything, in pieces as it takes them', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = fileSink(path, () => undefined)
  const stream = createReadStream(path)
  const sink = await reader
  const all = Array.from({ length: 20_000 }, (_, at) => `${at} ${'y'.repeat(80)}\n`).join('')
  sink.write(all)
  let heard = ''
  stream.on('data', chunk => {
    heard += chunk.toString()
  })
  await sink.close()
  await expect.poll(() => heard.length).toBe(all.length)
  expect(heard).toBe(all)
})
