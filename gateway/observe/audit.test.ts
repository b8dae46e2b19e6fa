import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AuditLog, maxLine } from './audit.ts'
import type { AuditRecord } from './audit-record.ts'
import type { Finding } from '../exchange.ts'
import type { LineSink } from '../options.ts'

type Line = { readonly [member: string]: unknown }

function log() {
  let text = ''
  const world = { stalled: false, closed: false }
  const sink: LineSink = {
    write: lines => {
      text += lines
    },
    stalled: () => world.stalled,
    close: () => {
      world.closed = true
      return Promise.resolve()
    },
  }
  const audit = new AuditLog(sink, 'pod-1', 'start000001', () => 5000)
  const raw = (): string[] => text.split('\n').filter(Boolean)
  return { audit, sink, world, raw, lines: () => raw().map(line => JSON.parse(line) as Line) }
}

const record = { time: 0, event: 'mcp_call', verdict: 'allow', principal: 'key:a' } as const
const refusal = {
  event: 'auth_failure',
  verdict: 'deny',
  code: 'Unauthenticated',
  stage: 'authenticate',
  client: '192.0.2.1',
} as const

/** Every line carries its own hash and that of the line before, without a gap. */
function expectChain(raw: readonly string[]): void {
  let previous = '0'.repeat(64)
  for (const [at, line] of raw.entries()) {
    const parsed = JSON.parse(line) as { prev: string; hash: string; seq: number }
    expect([parsed.seq, parsed.prev]).toEqual([at + 1, previous])
    expect(parsed.hash).toBe(
      createHash('sha256')
        .update(line.slice(0, line.lastIndexOf(',"hash":')))
        .digest('hex'),
    )
    previous = parsed.hash
  }
}

test('every line is JSON, carries the hash of the line before and its own', () => {
  const { audit, raw } = log()
  for (const tool of ['a', 'b"\n', 'ü']) audit.write({ ...record, decision: audit.next(), tool })
  expectChain(raw())
  expect(raw()).toHaveLength(3)
})

test('members that are not known are left out', () => {
  const { audit, lines } = log()
  audit.write({ ...record, principal: undefined, decision: audit.next(), server: undefined })
  expect(Object.keys(lines()[0]!)).toEqual([
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

test('a line is ASCII and at most 8,000 bytes long, whatever stands in it, and the findings that it names have a total', () => {
  const { audit, raw } = log()
  for (const piece of ['x', '"', 'ü', '😀', '\ud83d', '\u0000', '\n']) {
    const long = piece.repeat(9000)
    const finding = { detector: long, rule: long, channel: 'Result', policy: long, action: 'Warn', mode: 'Audit' }
    const findings = Array.from({ length: 5000 }, (_, at) => ({ ...finding, rule: `${at}${long}` })) as Finding[]
    const all = { server: long, principal: long, client: long, method: long, tool: long, era: long, detail: long }
    const what = { event: 'mcp_call', verdict: 'deny', code: long, stage: long, status: 599, findings } as const
    audit.write({ ...all, ...what, decision: audit.next(), time: 8.64e15 } satisfies AuditRecord)
  }
  expect(raw()).toHaveLength(7)
  for (const line of raw()) {
    expect(line).toMatch(/^[ -~]+$/)
    expect(line.length).toBeLessThan(maxLine)
    expect(line.startsWith('{"log":"audit_event"')).toBe(true)
    expect(JSON.parse(line)).toMatchObject({ findings_total: 5000 })
  }
  expectChain(raw())
})

describe('a sink that stalls', () => {
  test('refuses calls unless Drop was written', () => {
    const { audit, world, lines } = log()
    world.stalled = true
    expect(audit.ready()).toBe(false)
    audit.onFailure = 'Drop'
    expect(audit.ready()).toBe(true)
    audit.write({ ...record, decision: audit.next() })
    expect(audit.dropped).toBe(1)
    expect(lines()).toEqual([])
  })

  test('leaves no gap in the chain: the first line after it says how many were lost, and when', () => {
    const { audit, world, raw, lines } = log()
    audit.write({ ...record, decision: audit.next() })
    world.stalled = true
    const lost = [audit.next(), audit.next(), audit.next()]
    // A call that ends later has an older decision than those before it.
    for (const [at, decision] of [lost[1]!, lost[2]!, lost[0]!].entries())
      audit.write({ ...record, time: 1000 * (at + 1), decision })
    world.stalled = false
    audit.write({ ...record, decision: audit.next() })
    expect(lines().map(line => line['event_type'])).toEqual(['mcp_call', 'lines_lost', 'mcp_call'])
    expect(lines()[1]).toMatchObject({
      count: 3,
      first_time: '1970-01-01T00:00:01.000Z',
      last_time: '1970-01-01T00:00:03.000Z',
      first_decision: lost[0],
      last_decision: lost[2],
    })
    expectChain(raw())
  })

  test('loses no sum: it waits, and is written at the end at the latest', async () => {
    const { audit, world, lines } = log()
    for (let at = 0; at < 50; at += 1) audit.write({ ...refusal, time: at, decision: audit.next() })
    world.stalled = true
    audit.flush()
    world.stalled = false
    await audit.close()
    expect(lines().at(-1)).toMatchObject({ event_type: 'refusals', count: 40 })
    expect(world.closed).toBe(true)
  })
})

describe('refusals of callers who are not known', () => {
  test('are summed after the first ten, and a flood of them costs a bounded number of bytes', () => {
    const { audit, raw, lines } = log()
    const seconds = 60
    for (let at = 0; at < 100_000; at += 1)
      audit.write({ ...refusal, time: (at * seconds) / 100, decision: audit.next(), detail: 'x'.repeat(200) })
    audit.flush()
    expect(raw().join('\n').length).toBeLessThan(64 * 1024)
    const sums = lines().filter(line => line['event_type'] === 'refusals')
    const own = lines().filter(line => line['event_type'] === 'auth_failure')
    expect(sums).toHaveLength(6)
    expect(sums.reduce((sum, line) => sum + (line['count'] as number), 0) + own.length).toBe(100_000)
    expectChain(raw())
  })

  test.each([
    ['of a caller who is known', { ...record, verdict: 'deny', code: 'ToolNotAllowed' }],
    ['that lets a caller through', record],
  ] as const)('but no line %s is', (_, what) => {
    const { audit, lines } = log()
    for (let at = 0; at < 100; at += 1) audit.write({ ...what, decision: audit.next() })
    expect(lines()).toHaveLength(100)
  })
})

test('what others did to the file is a line of the log itself', () => {
  const { sink, lines } = log()
  sink.notice?.('the file was removed by others')
  expect(lines()).toMatchObject([
    { event_type: 'audit_file', detail: 'the file was removed by others', verdict: 'none' },
  ])
})
