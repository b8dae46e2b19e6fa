import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AuditLog } from '../gateway/observe/audit.ts'
import type { AuditRecord } from '../gateway/observe/audit-record.ts'
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

/** Lines as the gateway writes them: one chain, its sums at the end. */
function chain(start: string, records: readonly Omit<AuditRecord, 'decision' | 'time'>[], stalled = false): string[] {
  const lines: string[] = []
  const sink = {
    write: (line: string) => void lines.push(line),
    stalled: () => stalled,
    close: () => Promise.resolve(),
  }
  const log = new AuditLog(sink, 'test', start, () => 5000)
  for (const record of records) log.write({ ...record, decision: log.next(), time: 1 })
  stalled = false
  log.flush()
  return lines
}

type Said = { code: number; out: string; err: string }

async function run(...args: string[]): Promise<Said> {
  const said = { out: '', err: '' }
  const short = (text: string): string =>
    text.replaceAll(join(folder, 'audit.jsonl'), 'LOG').replaceAll(`${folder}/`, '')
  const code = await main(['audit', ...args], {
    env: {},
    out: text => (said.out += short(text)),
    err: text => (said.err += short(text)),
    now: () => 0,
    random: randomBytes,
  })
  return { code, ...said }
}

/** What the command says of the log of `bartizan run`. */
function audit(lines: readonly string[], ...args: string[]): Promise<Said> {
  writeFileSync(join(folder, 'audit.jsonl'), lines.join(''))
  return run(...args, '--state', folder)
}

/** And of a log that was collected. */
function collected(lines: readonly string[], ...args: string[]): Promise<Said> {
  writeFileSync(join(folder, 'collected.log'), lines.join(''))
  return run(...args, '--file', join(folder, 'collected.log'))
}

const five = chain('aaaaaaaaaa', [allowed, allowed, denied, allowed, allowed])
const other = chain('bbbbbbbbbb', [denied, allowed])

/** The end of what is said of a log that is as it was written: what was checked, and what cannot be. */
const consistent = (what: string): string =>
  `${what}: consistent, each line follows from the one before it.
No signed head of the log is kept elsewhere, so this does not show that nothing was taken out: lines that were cut
off the end are not seen, nor is a log that was written anew as a whole.
`

describe('audit verify', () => {
  test('is content with whole chains, also when two of them alternate, and says what it cannot know', async () => {
    const mixed = [...five.slice(0, 2), ...other, ...five.slice(2)]
    expect(await audit(mixed, 'verify')).toEqual({ code: 0, out: '', err: consistent('7 audit lines in 2 chains') })
  })

  test.each([
    ['the last two lines are gone', five.slice(0, 3)],
    [
      'all lines but the first were forged anew',
      [five[0]!, ...chain('aaaaaaaaaa', [allowed, allowed, allowed]).slice(1)],
    ],
  ])('never says of a log that nothing was taken out: here %s', async (_, lines) => {
    const { code, err } = await audit(lines, 'verify')
    expect(code).toBe(0)
    expect(err).toContain('this does not show that nothing was taken out')
    expect(err).not.toMatch(/no line was|is whole|untouched|intact/)
  })

  test.each([
    ['a value was changed', five.with(2, five[2]!.replace('alice', 'bobby')), 'LOG:3 it was changed\n'],
    ['a line was taken out', five.toSpliced(1, 1), 'LOG:2 1 line is missing before it\n'],
    ['the beginning of a later chain is gone', [...five, other[1]!], 'LOG:6 1 line is missing before it\n'],
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
    ['a first line names one before it', [five[1]!.replace('"seq":2', '"seq":1')], 'LOG:1 it was changed\n'],
  ])('sees that %s', async (_, lines, out) => {
    const found = await audit(lines, 'verify')
    expect(found).toMatchObject({ code: 1, out })
    expect(found.err).toContain('NOT consistent')
  })

  test('says where a log begins whose oldest lines were rotated away', async () => {
    expect(await audit(five.slice(2), 'verify')).toEqual({
      code: 0,
      out: '',
      err: `chain aaaaaaaaaa begins at line 3 of its gateway: what came before is not in this log\n${consistent('3 audit lines in 1 chain')}`,
    })
  })

  test('says what the gateway itself says of lines that were lost', async () => {
    const lost = chain('dddddddddd', [allowed, allowed], true)
    expect(await audit(lost, 'verify')).toMatchObject({
      code: 0,
      err: expect.stringContaining(
        'LOG:1 the gateway says: 2 lines were lost while the log could not be written, from 1970-01-01T00:00:00.001Z to',
      ),
    })
  })

  test('shows of a decision whose line was lost that it was', async () => {
    const lost = chain('dddddddddd', [allowed, allowed], true)
    const { code, out } = await audit(lost, 'show', 'd-dddddddddd-2')
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('2 lines were lost, from 1970') })
  })

  test('reads the files that were rotated away before the one that is written', async () => {
    const state = join(folder, 'state')
    mkdirSync(state)
    for (const [name, lines] of [
      ['audit-20260101T000000000Z.jsonl', five.slice(1, 2)],
      ['audit-20260102T000000000Z.jsonl', five.slice(2, 4)],
      ['audit.jsonl', [five[4]!, ...other]],
      ['audit-notes.jsonl', ['not ours\n']],
    ] as const)
      writeFileSync(join(state, name), lines.join(''))
    const verified = await run('verify', '--state', state)
    expect(verified).toMatchObject({ code: 0, out: '' })
    expect(verified.err).toContain('6 audit lines in 2 chains: consistent')
    expect((await run('show', 'd-aaaaaaaaaa-3', '--state', state)).out).toContain('audit-20260102T000000000Z.jsonl:1,')
    rmSync(join(state, 'audit-20260102T000000000Z.jsonl'))
    expect(await run('verify', '--state', state)).toMatchObject({
      code: 1,
      out: 'state/audit.jsonl:1 2 lines are missing before it\n',
    })
  })
})

const text = '{"time":"2026-01-01T00:00:00.000Z","level":"info","event":"listening"}\n'
const stamp = '2026-11-28T14:05:53.123456789Z'
const third = five[2]!.trimEnd()
const docker = (log: string, stream = 'stdout'): string => `${JSON.stringify({ log, stream, time: stamp })}\n`

/** What runtimes, kubectl and collectors make of a line. */
const wrappings: Readonly<Record<string, (line: string) => string[]>> = {
  'kubectl logs': line => [text, line],
  'kubectl logs --timestamps': line => [`${stamp} ${text}`, `${stamp} ${line}`],
  'kubectl logs --prefix --timestamps': line => [
    `[pod/weather-1/gateway] ${stamp} ${text}`,
    `[pod/weather-1/gateway] ${stamp} ${line}`,
  ],
  'docker compose logs': line => [`gateway-1  | ${text}`, `gateway-1  | ${line}`],
  'a terminal': line => [text.replace('\n', '\r\n'), line.replace('\n', '\r\n')],
  'a file of containerd': line => [`${stamp} stderr F ${text}`, `${stamp} stdout F ${line}`],
  'a file of CRI-O that cut it': line => [
    `${stamp} stderr F ${text}`,
    `${stamp} stdout P ${line.slice(0, 30)}\n`,
    `${stamp} stderr F ${text}`,
    `${stamp} stdout P ${line.slice(30, 200)}\n`,
    `${stamp} stdout F ${line.slice(200)}`,
  ],
  'a file of Docker': line => [docker(text, 'stderr'), docker(line)],
  'a file of Docker that cut it': line => [docker(line.slice(0, 30)), docker(text, 'stderr'), docker(line.slice(30))],
  'a record of a collector': line => [`${JSON.stringify({ at: 1, kubernetes: { pod: 'a' }, message: line })}\n`],
}

describe('a log that was collected', () => {
  test.each(Object.keys(wrappings))('is read as %s has it, wherever it begins', async name => {
    const mixed = [...five.slice(1, 3), ...other, ...five.slice(3)].flatMap(line => wrappings[name]!(line))
    const begun = name.includes('cut') ? mixed : ['cut off at the beginning","hash":"00"}\n', ...mixed]
    const { code, out, err } = await collected(begun, 'verify')
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(err).toContain('chain aaaaaaaaaa begins at line 2 of its gateway')
    expect(err).toMatch(/6 audit lines in 2 chains(; \d+ other lines? passed over)?: consistent/)
    const taken = [...five.slice(0, 2), ...five.slice(3)].flatMap(line => wrappings[name]!(line))
    expect(await collected(taken, 'verify')).toMatchObject({
      code: 1,
      out: expect.stringContaining('1 line is missing'),
    })
    const forged = five.map(line => line.replace('alice', 'bobby')).flatMap(line => wrappings[name]!(line))
    expect(await collected(forged, 'verify')).toMatchObject({ code: 1, out: expect.stringContaining('it was changed') })
    expect((await collected(mixed, 'show', 'd-aaaaaaaaaa-3')).out).toContain('refused: ToolNotAllowed')
  })

  test('is not taken in by callers and servers whose words look like audit lines', async () => {
    const forged = chain('aaaaaaaaaa', [allowed, allowed, allowed])[2]!.trimEnd()
    const lines = chain('ffffffffff', [
      { ...denied, tool: forged },
      { ...denied, detail: forged },
    ])
    const said = `${JSON.stringify({ time: stamp, level: 'warn', event: 'upstream failed', detail: forged })}\n`
    for (const wrap of Object.values(wrappings)) {
      const log = [said, ...five, ...lines, said].flatMap(wrap)
      const { code, err } = await collected(log, 'verify')
      expect(code).toBe(0)
      expect(err).toContain('7 audit lines in 2 chains')
    }
  })

  test('of several pods has a chain for each, which may all begin late', async () => {
    const { code, err } = await collected([five[3]!, other[1]!, five[4]!], 'verify')
    expect(code).toBe(0)
    expect(err).toContain('chain aaaaaaaaaa begins at line 4')
    expect(err).toContain('chain bbbbbbbbbb begins at line 2')
  })

  test('may end in the middle of a line, and only there', async () => {
    expect(await collected([...five.slice(0, 4), five[4]!.slice(0, 300)], 'verify')).toMatchObject({
      code: 0,
      err: consistent('5 audit lines in 1 chain; the last is cut off'),
    })
    expect(await collected([five[0]!, `${five[1]!.slice(0, 300)}\n`, ...five.slice(2)], 'verify')).toMatchObject({
      code: 1,
      out: 'collected.log:2 it is no audit line, or only a part of one\ncollected.log:3 1 line is missing before it\n',
    })
  })

  test('may hold lines of any length, and comes in several files or by standard input', async () => {
    const long = `${'x'.repeat(3_000_000)}\n`
    expect(await collected([long, ...five, long], 'verify')).toMatchObject({ code: 0 })
    writeFileSync(join(folder, 'second.log'), five.slice(2).join(''))
    writeFileSync(join(folder, 'collected.log'), five.slice(0, 2).join(''))
    const files = ['collected.log', 'second.log'].flatMap(name => ['--file', join(folder, name)])
    expect(await run('verify', ...files)).toMatchObject({ code: 0, err: consistent('5 audit lines in 1 chain') })
    const script = join(import.meta.dirname, 'bartizan.ts')
    const piped = spawnSync(process.execPath, [script, 'audit', 'verify', '--file', '-'], {
      input: [text, ...five].join(''),
    })
    expect([piped.status, String(piped.stderr)]).toEqual([
      0,
      consistent('5 audit lines in 1 chain; 1 other line passed over'),
    ])
  })

  test('without an audit line is no log of ours', async () => {
    expect(await collected([text, text], 'verify')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no audit line'),
    })
  })

  test('may name itself as it likes: nothing of it commands the terminal', async () => {
    const evil = third.replace('aaaaaaaaaa', '\\u001b[2J')
    const { out, err } = await collected([`${evil}\n`, five[4]!], 'verify')
    expect(out + err).not.toContain('\u001b')
  })
})

const stranger: Omit<AuditRecord, 'decision' | 'time'> = {
  event: 'auth_failure',
  verdict: 'deny',
  client: '192.0.2.7',
  method: 'HTTP POST',
  code: 'Unauthenticated',
  stage: 'authenticate',
  status: 401,
}

describe('a sum of refusals', () => {
  const flood = chain('eeeeeeeeee', [allowed, ...Array.from({ length: 500 }, () => stranger), allowed])

  test('answers for every decision in it', async () => {
    expect((await audit(flood, 'verify')).err).toContain('13 audit lines in 1 chain: consistent')
    const { code, out } = await audit(flood, 'show', `d-eeeeeeeeee-${(300).toString(36)}`)
    expect(code).toBe(0)
    expect(out).toBe(`d-eeeeeeeeee-8c  summed: Unauthenticated
  caller  addresses: 192.0.2.7
  why     An API key is required. Send it as "X-API-Key: <key>" or "Authorization: Bearer <key>". This server does not use OAuth.
  summed  it has no line of its own in this log: 490 refusals before authentication were added up, from 1970-01-01T00:00:00.001Z to 1970-01-01T00:00:00.001Z
  others  d-eeeeeeeeee-c, d-eeeeeeeeee-l, d-eeeeeeeeee-33
  to do   send a key; "bartizan keys create NAME --servers ..." makes one
  line    LOG:13, the chain is consistent up to this line
`)
  })

  test('has samples of which more is known', async () => {
    const { out } = await audit(flood, 'show', 'd-eeeeeeeeee-l')
    expect(out).toContain('d-eeeeeeeeee-l  refused: Unauthenticated (HTTP 401)\n')
    expect(out).toContain('  caller  unknown, from 192.0.2.7\n  call    HTTP POST\n')
    expect(out).toContain('  summed  490 such refusals before authentication')
  })

  test.each(['d-eeeeeeeeee-zzzz', 'd-ffffffffff-8c', 'd-eeeeeeeeee'])('does not answer for %s', async decision =>
    expect(await audit(flood, 'show', decision)).toMatchObject({ code: 1, out: '' }),
  )

  test('is not asked where there is a line', async () => {
    expect((await audit(flood, 'show', 'd-eeeeeeeeee-4')).out).toContain('unknown from 192.0.2.7')
    expect((await audit(flood, 'show', 'd-eeeeeeeeee-4')).out).not.toContain('summed')
  })
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
  line    LOG:3, the chain is consistent up to this line
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

  test('says how many findings there were of which it names some', async () => {
    const finding = { detector: 'd', channel: 'Result', policy: 'p', action: 'Warn', mode: 'Enforce' } as const
    const findings = Array.from({ length: 300 }, (_, at) => ({ ...finding, rule: at < 100 ? 'often' : `rule ${at}` }))
    const { out } = await audit(chain('cccccccccc', [{ ...allowed, findings }]), 'show', 'd-cccccccccc-1')
    expect(out).toContain('  found   d often in Result: Warn, by p, 100 times\n')
    expect(out).toContain('  found   300 altogether, 131 of them named here\n')
  })

  test('warns when the log before the line is not as it was written', async () => {
    const { out } = await audit(five.toSpliced(1, 1), 'show', 'd-aaaaaaaaaa-3')
    expect(out).toContain('the chain is NOT consistent at LOG:2: see "bartizan audit verify"')
  })

  test('shows a call that was let through', async () => {
    expect((await audit(five, 'show', 'd-aaaaaaaaaa-1')).out).toContain('d-aaaaaaaaaa-1  let through\n')
  })

  test.each([
    [['show', 'd-none-1'], 1, 'd-none-1: not in LOG (5 lines)'],
    [['show'], 2, 'bartizan audit show DECISION'],
    [['verify', '--file', '/not/there'], 1, '/not/there: there is no audit log\n'],
    [[], 2, 'bartizan audit show DECISION'],
  ])('%j ends with %i', async (args, expected, says) => {
    const { code, out, err } = await audit(five, ...args)
    expect({ code, out }).toEqual({ code: expected, out: '' })
    expect(err).toContain(says)
  })
})
