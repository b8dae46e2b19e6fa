import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditLog } from '../gateway/observe/audit.ts'
import { fileSink } from '../gateway/observe/file-sink.ts'
import { rotatedFiles } from '../gateway/observe/rotated-files.ts'
import { main } from './main.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-rotation-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = (): string => join(folder, 'audit.jsonl')
const silent = { failed: () => undefined, recovered: () => undefined, noticed: () => undefined }

async function audit(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  let said = ''
  const say = (text: string): void => void (said += text)
  const io = { env: {}, now: () => 0, random: randomBytes, out: say, err: say }
  const code = await main(['audit', ...args, '--state', folder], io)
  return { code, said }
}

/** Calls, a few at a time, until so many files were rotated away that the oldest are gone. */
async function calls(log: AuditLog, until: () => Promise<boolean>): Promise<void> {
  while (!(await until())) {
    for (let at = 0; at < 5; at += 1)
      log.write({
        decision: log.next(),
        time: at,
        event: 'mcp_call',
        verdict: 'allow',
        principal: 'key:a',
        tool: 'echo',
      })
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

test('one chain goes on from file to file, over a restart there are two, and reading meanwhile finds no gap', async () => {
  const rotation = { maxBytes: 3000, maxAge: Infinity, keepBytes: 12_000, keepFiles: Infinity }
  let rounds = 0
  const found = new Set<string>()
  for (const start of ['aaaaaaaaaa', 'bbbbbbbbbb']) {
    const log = new AuditLog(await fileSink(file(), rotation, silent), 'test', start)
    const names = new Set<string>()
    await calls(log, async () => {
      rounds += 1
      for (const name of await rotatedFiles(file())) names.add(name)
      if (rounds > 5) found.add(String((await audit('verify')).code))
      return names.size > 6
    })
    await log.close()
  }
  expect([...found]).toEqual(['0'])
  expect((await rotatedFiles(file())).length).toBeLessThan(5)
  const { code, said } = await audit('verify')
  expect(code).toBe(0)
  expect(said).toMatch(/chain bbbbbbbbbb begins at line \d+ of its gateway/)
  const last = /^(\d+) audit lines/m.exec(said)![1]!
  expect(Number(last)).toBeGreaterThan(10)
})
