import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AuditLog, type AuditRecord } from '../gateway/audit.ts'
import { main } from './main.ts'

const folder = mkdtempSync(join(tmpdir(), 'audit-'))
afterAll(() => rmSync(folder, { recursive: true }))

const denied: Omit<AuditRecord, 'decision' | 'time'> = {
  event: 'mcp_call',
  verdict: 'deny',
  server: 'files',
  principal: 'alice',
  client: '127.0.0.1',
  method: 'tools/call',
  tool: 'write_file',
  code: 'ToolNotAllowed',
  stage: 'tools',
  detail: 'tool "write_file"\u2028',
  status: 403,
}
const allowed: Omit<AuditRecord, 'decision' | 'time'> = {
  event: 'mcp_call',
  verdict: 'allow',
  server: 'files',
  method: 'ping',
}

/** Lines as the gateway writes them: `count` calls in one chain. */
function chain(start: string, records: readonly Omit<AuditRecord, 'decision' | 'time'>[]): string[] {
  const lines: string[] = []
  const sink = { write: (line: string) => void lines.push(line), stalled: () => false, close: () => Promise.resolve() }
  const log = new AuditLog(sink, 'test', start)
  for (const record of records) log.write({ ...record, decision: log.next(), time: 1 })
  return lines
}

async function audit(lines: readonly string[], ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const file = join(folder, 'audit.jsonl')
  writeFileSync(file, lines.join(''))
  const said = { out: '', err: '' }
  const code = await main(['audit', ...args, '--state', folder], {
    env: {},
    out: text => (said.out += text.replaceAll(file, 'LOG')),
    err: text => (said.err += text.replaceAll(file, 'LOG')),
    now: () => 0,
    random: randomBytes,
  })
  return { code, ...said }
}

const five = chain('aaaaaaaaaa', [allowed, allowed, denied, allowed, allowed])
const other = chain('bbbbbbbbbb', [denied, allowed])

describe('audit verify', () => {
  test('is content with whole chains, also when two of them alternate', async () => {
    const mixed = [...five.slice(0, 2), ...other, ...five.slice(2)]
    expect(await audit(mixed, 'verify')).toEqual({
      code: 0,
      out: '',
      err: '7 lines in 2 chains: no line was changed, taken out or put in\n',
    })
  })

  test.each([
    ['a value was changed', five.with(2, five[2]!.replace('alice', 'bobby')), 'LOG:3 it was changed\n'],
    ['a line was taken out', five.toSpliced(1, 1), 'LOG:2 1 line is missing before it\n'],
    ['the first two lines were taken out', five.slice(2), 'LOG:1 2 lines are missing before it\n'],
    ['a line stands twice', five.toSpliced(2, 0, five[1]!), 'LOG:3 it was put in, or stands in the wrong place\n'],
    [
      'a line was cut in half',
      five.with(4, five[4]!.slice(0, 40)),
      'LOG:5 it is no audit line, or only a part of one\n',
    ],
    [
      'a line was replaced by another whole chain of the same name',
      five.with(1, chain('aaaaaaaaaa', [denied, denied])[1]!),
      'LOG:2 the line before it was changed\nLOG:3 the line before it was changed\n',
    ],
    ['something else stands there', five.with(4, '{"seq":5}\n'), 'LOG:5 it is no audit line, or only a part of one\n'],
  ])('sees that %s', async (_, lines, out) => expect(await audit(lines, 'verify')).toMatchObject({ code: 1, out }))
})

describe('audit show', () => {
  test('says who called what, why it was refused and what to do', async () => {
    const { code, out } = await audit(five, 'show', 'd-aaaaaaaaaa-3')
    expect(code).toBe(0)
    expect(out).toBe(`d-aaaaaaaaaa-3  refused: ToolNotAllowed (HTTP 403)
  time    1970-01-01T00:00:00.001Z
  caller  alice from 127.0.0.1
  call    tools/call write_file on server files
  why     This tool is not allowed for this caller. tools: tool "write_file"?
  to do   look at MCPServer.spec.toolPolicy and at APIKey.spec.allowedTools
  line    LOG:3, the chain holds up to this line
`)
  })

  test('names the policy and the rule of a finding', async () => {
    const finding = {
      detector: 'keywords',
      rule: 'keyword 1',
      channel: 'Arguments',
      policy: 'GuardrailPolicy default/g',
      action: 'Block',
      mode: 'Enforce',
    } as const
    const [line] = chain('cccccccccc', [
      { ...denied, code: 'GuardrailBlocked', findings: [finding, { ...finding, mode: 'Audit' }] },
    ])
    const { out } = await audit([line!], 'show', 'd-cccccccccc-1')
    expect(out).toContain('  found   keywords keyword 1 in Arguments: Block, by GuardrailPolicy default/g\n')
    expect(out).toContain('Block (recorded only)')
  })

  test('warns when the log before the line is not as it was written', async () => {
    const { out } = await audit(five.toSpliced(0, 1), 'show', 'd-aaaaaaaaaa-3')
    expect(out).toContain('the chain BROKEN at line 1')
  })

  test('shows a call that was let through', async () => {
    expect((await audit(five, 'show', 'd-aaaaaaaaaa-1')).out).toContain('d-aaaaaaaaaa-1  let through\n')
  })

  test.each([
    [['show', 'd-none-1'], 1, 'd-none-1: not in LOG (5 lines)'],
    [['show'], 2, 'bartizan audit show DECISION'],
    [['verify', '--file', '/not/there'], 1, '/not/there: there is no audit log'],
    [[], 2, 'bartizan audit show DECISION'],
  ])('%j ends with %i', async (args, expected, says) => {
    const { code, out, err } = await audit(five, ...args)
    expect({ code, out }).toEqual({ code: expected, out: '' })
    expect(err).toContain(says)
  })
})
