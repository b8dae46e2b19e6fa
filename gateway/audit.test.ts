import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { AuditLog } from './audit.ts'

function log(stalled: () => boolean = () => false) {
  let text = ''
  const audit = new AuditLog(
    {
      write: lines => {
        text += lines
      },
      stalled,
      close: () => Promise.resolve(),
    },
    'pod-1',
    'start000001',
  )
  return { audit, lines: () => text.split('\n').filter(Boolean) }
}

const record = { time: 0, event: 'mcp_call', verdict: 'allow' } as const

test('every line is JSON, carries the hash of the line before and its own', () => {
  const { audit, lines } = log()
  for (const tool of ['a', 'b"\n', 'ü']) audit.write({ ...record, decision: audit.next(), tool })
  let previous = '0'.repeat(64)
  for (const [at, line] of lines().entries()) {
    const parsed = JSON.parse(line) as { prev: string; hash: string; seq: number; tool: string }
    expect(parsed.seq).toBe(at + 1)
    expect(parsed.prev).toBe(previous)
    const body = line.slice(0, line.lastIndexOf(',"hash":'))
    expect(parsed.hash).toBe(createHash('sha256').update(body).digest('hex'))
    previous = parsed.hash
  }
  expect(lines()).toHaveLength(3)
})

test('members that are not known are left out', () => {
  const { audit, lines } = log()
  audit.write({ ...record, decision: audit.next(), server: undefined })
  expect(Object.keys(JSON.parse(lines()[0]!) as object)).toEqual([
    'log',
    'time',
    'instance',
    'chain',
    'seq',
    'decision',
    'event_type',
    'verdict',
    'prev',
    'hash',
  ])
})

test('decision ids never repeat and name the start of the process', () => {
  const { audit } = log()
  const ids = new Set(Array.from({ length: 1000 }, () => audit.next()))
  expect(ids.size).toBe(1000)
  for (const id of ids) expect(id).toMatch(/^d-start000001-[0-9a-z]+$/)
})

test('a sink that stalls refuses calls unless somebody wrote Drop, and lost lines are counted', () => {
  const { audit, lines } = log(() => true)
  expect(audit.ready()).toBe(false)
  audit.onFailure = 'Drop'
  expect(audit.ready()).toBe(true)
  audit.write({ ...record, decision: audit.next() })
  expect(audit.dropped).toBe(1)
  expect(lines()).toEqual([])
})
