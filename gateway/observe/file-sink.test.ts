import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fileSink } from './file-sink.ts'
import type { LineSink, Notices } from '../options.ts'
import type { Rotation } from '../config/rotation.ts'
import { rotatedFiles } from './rotated-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'bartizan-sink-'))
afterAll(() => rmSync(folder, { recursive: true }))

let made = 0
/** The path of a log in a folder of its own. */
function fresh(): string {
  made += 1
  const own = join(folder, String(made))
  mkdirSync(own)
  return join(own, 'a.jsonl')
}

const hour = 60 * 60 * 1000
const never: Rotation = { maxBytes: Infinity, maxAge: Infinity, keepBytes: Infinity, keepFiles: Infinity }

function heard(): Notices & { readonly errors: Error[]; readonly notes: string[]; recoveries: number } {
  const errors: Error[] = []
  const notes: string[] = []
  const all = {
    errors,
    notes,
    recoveries: 0,
    failed: (error: Error) => void errors.push(error),
    recovered: () => void (all.recoveries += 1),
    noticed: (what: string) => void notes.push(what),
  }
  return all
}

/** Writes lines and waits until each has reached some file. */
async function written(sink: LineSink, path: string, ...lines: string[]): Promise<void> {
  for (const line of lines) {
    sink.write(`${line}\n`)
    await expect.poll(() => everything(path)).toContain(line)
  }
}

/** The lines of all files beside each other, those that others renamed included. */
const everything = (path: string): string[] =>
  readdirSync(join(path, '..')).flatMap(name =>
    readFileSync(join(path, '..', name), 'utf8')
      .split('\n')
      .filter(Boolean),
  )

test('lines are appended in their order, to what is there, in a file for its owner alone', async () => {
  const path = fresh()
  for (const run of ['1', '2']) {
    const sink = await fileSink(path, never, heard())
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
  const path = fresh()
  writeFileSync(path, before)
  const sink = await fileSink(path, never, heard())
  sink.write('next\n')
  await sink.close()
  expect(readFileSync(path, 'utf8')).toBe(after)
})

test('a disk that is full stalls the sink, is reported once, and loses nothing of what it took before', async () => {
  const notices = heard()
  const sink = await fileSink('/dev/full', never, notices)
  sink.write('line\n')
  await expect.poll(() => sink.stalled()).toBe(true)
  await new Promise(resolve => setTimeout(resolve, 1_200))
  expect(notices.errors).toHaveLength(1)
  expect(notices.errors[0]).toMatchObject({ code: 'ENOSPC' })
  await sink.close()
})

test('a slow reader gets everything, in pieces as it takes them', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = fileSink(path, never, heard())
  const stream = createReadStream(path)
  const sink = await reader
  const all = Array.from({ length: 20_000 }, (_, at) => `${at} ${'y'.repeat(80)}\n`).join('')
  sink.write(all)
  let heardText = ''
  stream.on('data', chunk => {
    heardText += chunk.toString()
  })
  await sink.close()
  await expect.poll(() => heardText.length).toBe(all.length)
  expect(heardText).toBe(all)
})

describe('a file that others touch while it is written', () => {
  test.each([
    ['removed', (path: string) => rmSync(path), ['2', '3'], 'removed by others'],
    ['renamed', (path: string) => renameSync(path, `${path}.1`), ['2', '3'], 'renamed by others'],
    [
      'replaced by another file',
      (path: string) => {
        writeFileSync(`${path}.new`, 'theirs\n')
        renameSync(`${path}.new`, path)
      },
      ['theirs', '2', '3'],
      'removed by others',
    ],
    ['emptied', (path: string) => truncateSync(path), ['2', '3'], 'shortened by others'],
  ])('is noticed when it was %s, and no line that is written later is lost', async (_, touch, left, note) => {
    const path = fresh()
    const notices = heard()
    const sink = await fileSink(path, never, notices)
    const told: string[] = []
    sink.notice = what => told.push(what)
    await written(sink, path, '1')
    touch(path)
    await written(sink, path, '2', '3')
    // Line 1 may have been under way when the file went, and then it is written again: all that counts are those that came later.
    const later = everything(path).filter(line => line !== '1')
    expect(later.toSorted()).toEqual(left.toSorted())
    expect(readFileSync(path, 'utf8')).toMatch(/3\n$/)
    expect(notices.notes).toEqual([expect.stringContaining(note)])
    expect(told).toEqual(notices.notes)
    expect(statSync(path).mode & 0o077).toBe(note.startsWith('removed') && left.includes('theirs') ? 0o044 : 0)
    await sink.close()
  })

  test('and its folder with it stalls the sink until there is one again', async () => {
    const path = fresh()
    const notices = heard()
    const sink = await fileSink(path, never, notices)
    await written(sink, path, '1')
    rmSync(join(path, '..'), { recursive: true })
    sink.write('2\n')
    await expect.poll(() => sink.stalled()).toBe(true)
    expect(notices.errors).toEqual([expect.objectContaining({ code: 'ENOENT' })])
    mkdirSync(join(path, '..'))
    await expect.poll(() => sink.stalled(), { timeout: 5000 }).toBe(false)
    expect(readFileSync(path, 'utf8')).toMatch(/^(1\n)?2\n$/)
    expect(notices.recoveries).toBe(1)
    await sink.close()
  })

  test.each([
    ['a folder', (path: string) => mkdirSync(path), 'EISDIR'],
    ['a pipe without a reader', (path: string) => execFileSync('mkfifo', [path]), 'ENXIO'],
  ])('stalls the sink while %s is in its place, and loses nothing', async (_, put, code) => {
    const path = fresh()
    const notices = heard()
    const sink = await fileSink(path, never, notices)
    await written(sink, path, '1')
    renameSync(path, `${path}.1`)
    put(path)
    sink.write('2\n')
    await expect.poll(() => sink.stalled()).toBe(true)
    expect(notices.errors).toEqual([expect.objectContaining({ code })])
    rmSync(path, { recursive: true })
    await expect.poll(() => sink.stalled(), { timeout: 5000 }).toBe(false)
    await sink.close()
    expect(everything(path)).toEqual(expect.arrayContaining(['1', '2']))
  })

  test('goes on behind what others append', async () => {
    const path = fresh()
    const notices = heard()
    const sink = await fileSink(path, never, notices)
    await written(sink, path, '1')
    appendFileSync(path, 'theirs\n')
    await written(sink, path, '2')
    expect(readFileSync(path, 'utf8')).toBe('1\ntheirs\n2\n')
    expect(notices.notes).toEqual([])
    await sink.close()
  })
})

describe('rotation', () => {
  test('by size keeps what was written last, within bounds, in an order that the names tell', async () => {
    const path = fresh()
    const notices = heard()
    const rotation = { maxBytes: 100, maxAge: Infinity, keepBytes: 500, keepFiles: Infinity }
    const sink = await fileSink(path, rotation, notices)
    const lines = Array.from({ length: 12 }, (_, at) => `${String(at).padStart(2, '0')}${'x'.repeat(97)}`)
    await written(sink, path, ...lines)
    await sink.close()
    const files = [...(await rotatedFiles(path)), path]
    expect(files).toHaveLength(5)
    expect(files.flatMap(file => readFileSync(file, 'utf8').split('\n').filter(Boolean))).toEqual(lines.slice(-4))
    expect(new Set(files.map(file => statSync(file).mode & 0o777))).toEqual(new Set([0o600]))
    expect(notices).toMatchObject({ errors: [], notes: [] })
  })

  test('by age begins a new file, and the number of files is bounded', async () => {
    const path = fresh()
    let now = Date.now()
    const rotation = { maxBytes: Infinity, maxAge: hour, keepBytes: Infinity, keepFiles: 3 }
    const sink = await fileSink(path, rotation, heard(), () => now)
    for (const line of ['1', '2', '3', '4', '5']) {
      await written(sink, path, line)
      now += hour
    }
    await sink.close()
    expect(await rotatedFiles(path)).toHaveLength(2)
    expect(everything(path)).not.toContain('1')
  })

  test('goes on where the clock was set back', async () => {
    const path = fresh()
    let now = Date.parse('2030-01-01')
    const rotation = { ...never, maxBytes: 1 }
    const sink = await fileSink(path, rotation, heard(), () => now)
    for (const line of ['1', '2', '3']) {
      await written(sink, path, line)
      now -= hour
    }
    await sink.close()
    expect((await rotatedFiles(path)).map(file => readFileSync(file, 'utf8'))).toEqual(['1\n', '2\n', '3\n'])
  })

  test('leaves files alone that only look like it', async () => {
    const path = fresh()
    for (const name of ['a-notes.jsonl', 'a-20260101.jsonl', 'b-20260101T000000000Z.jsonl'])
      writeFileSync(join(path, '..', name), '')
    expect(await rotatedFiles(path)).toEqual([])
  })

  test('that cannot be done stalls the sink: it does not grow on', async () => {
    const path = fresh()
    const notices = heard()
    // Whoever takes all rights on a folder from root has to make it immutable; a name that is too long does as much.
    const long = join(path, '..', `${'a'.repeat(245)}.jsonl`)
    const sink = await fileSink(long, { ...never, maxBytes: 1 }, notices)
    sink.write('1\n')
    await expect.poll(() => sink.stalled()).toBe(true)
    expect(notices.errors).toEqual([expect.objectContaining({ code: 'ENAMETOOLONG' })])
    await sink.close()
  })
})
