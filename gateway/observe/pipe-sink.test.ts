import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { droppingLog } from './log.ts'
import { pipeSink } from './pipe-sink.ts'
import type { Notices } from '../options.ts'

let folder = ''
let reader = -1
let writer = -1

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bartizan-pipe-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
})
afterEach(() => {
  for (const fd of [reader, writer]) closeSync(fd)
  rmSync(folder, { recursive: true })
})

/** Everything that is in the pipe just now. */
function take(): string {
  const parts: Buffer[] = []
  for (;;) {
    const buffer = Buffer.alloc(64 * 1024)
    try {
      parts.push(buffer.subarray(0, readSync(reader, buffer)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return Buffer.concat(parts).toString()
      throw error
    }
  }
}

function heard(): Notices & { readonly said: string[] } {
  const said: string[] = []
  return {
    said,
    failed: error => void said.push((error as NodeJS.ErrnoException).code ?? error.message),
    recovered: () => void said.push('recovered'),
    noticed: what => void said.push(what),
  }
}

const line = (at: number): string => `${at} ${'x'.repeat(500)}\n`

test('a reader who pauses stalls the sink, and gets every line when they come back', async () => {
  const notices = heard()
  const sink = pipeSink({ fd: writer }, 1024 * 1024, notices)
  for (let at = 0; at < 1000; at += 1) sink.write(line(at))
  expect(sink.stalled()).toBe(false)
  await expect.poll(() => sink.stalled(), { timeout: 5000 }).toBe(true)
  let text = ''
  await expect
    .poll(() => {
      text += take()
      return sink.stalled() || !text.endsWith(line(999))
    })
    .toBe(false)
  expect(text).toBe(Array.from({ length: 1000 }, (_, at) => line(at)).join(''))
  expect(notices.said).toEqual(['EAGAIN', 'recovered'])
  await sink.close()
})

test('beyond the bytes that may wait it is stalled at once', async () => {
  const sink = pipeSink({ fd: writer }, 100_000, heard())
  for (let at = 0; at < 199; at += 1) sink.write(line(at))
  expect(sink.stalled()).toBe(true)
  await sink.close()
})

test('a reader who never comes back does not keep the process from ending', async () => {
  const sink = pipeSink({ fd: writer }, 1024 * 1024, heard())
  for (let at = 0; at < 1000; at += 1) sink.write(line(at))
  await sink.close()
  expect(sink.stalled()).toBe(true)
})

test('a log drops what is not read, and says how many lines when it is read again', async () => {
  const sink = pipeSink({ fd: writer }, 100_000, heard())
  const log = droppingLog(sink, () => 0)
  for (let at = 0; at < 1000; at += 1) log.info('said', { at, text: 'x'.repeat(500) })
  let text = take()
  await expect
    .poll(() => {
      text += take()
      return sink.stalled()
    })
    .toBe(false)
  log.info('last')
  await expect
    .poll(() => {
      text += take()
      return text
    })
    .toContain('"last"')
  await sink.close()
  const events = text
    .trimEnd()
    .split('\n')
    .map(one => JSON.parse(one) as { event: string; lines?: number })
  const [lost, last] = events.slice(-2)
  expect([lost!.event, last!.event]).toEqual(['the log was not read: lines were dropped', 'last'])
  expect(lost!.lines! + events.length - 2).toBe(1000)
  expect(lost!.lines).toBeGreaterThan(500)
})

test('a line of the log is at most 8,000 bytes long', async () => {
  const sink = pipeSink({ fd: writer }, 100_000, heard())
  const log = droppingLog(sink, () => 0)
  log.error('x'.repeat(100_000), { text: 'ü"'.repeat(100_000) })
  log.error('short', { text: 'ü"'.repeat(1900) })
  await sink.close()
  const lines = take().trimEnd().split('\n')
  expect(lines.map(one => Buffer.byteLength(one) < 8000)).toEqual([true, true])
  expect(lines.map(one => Object.keys(JSON.parse(one) as object).join())).toEqual([
    'time,level,event,cut',
    'time,level,event,text',
  ])
})
