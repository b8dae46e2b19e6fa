import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultDangerousPatterns, type ServerTools } from '../config/tools.ts'
import type { Caller, Message, Verdict } from '../exchange.ts'
import { readAnswer, readBody } from '../mcp/message.ts'
import { runSync, isSteps } from '../evaluation/steps.ts'
import { serverToolJudge, tools } from './tools.ts'

const limits = { maxBytes: 1 << 20, maxValues: 50_000, maxDepth: 64 }

function caller(allowsTool: (tool: string) => boolean = () => true): Caller {
  const grants = { allowsScope: () => true, allowsServer: () => true, allowsTool, expiresAt: Infinity }
  return { principal: { provider: 'key', subject: 'ada', id: 'ada', grants }, server: 'zoo', era: 'modern', now: 0 }
}

function message(read: ReturnType<typeof readBody>): Message {
  if (!('message' in read)) throw new Error(`not a message: ${JSON.stringify(read)}`)
  return read.message
}

const call = (params: unknown, method = 'tools/call'): Message =>
  message(readBody(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })), limits))

const answer = (text: string): Message => message(readAnswer(Buffer.from(text), limits))

const list = (names: readonly string[]): Message =>
  answer(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools: names.map(name => ({ name })) } }))

const server = (
  policy?: ServerTools['policy'],
  approved: string[] = [],
  dangerousPatterns: string[] = [],
): ServerTools => ({
  ...(policy && { policy }),
  dangerousPatterns,
  approved,
})

const codeOf = (verdict: Verdict | undefined): string => (verdict && 'deny' in verdict ? verdict.deny.code : 'passed')

const shown = (verdict: Verdict | undefined, from: Message): string[] => {
  const bytes = verdict && 'replace' in verdict ? verdict.replace : from.bytes
  return (JSON.parse(bytes.toString()) as { result: { tools: { name: string }[] } }).result.tools.map(
    ({ name }) => name,
  )
}

/** What a judge says of names: allowed ones, and those that are not, with the reason. */
const judged = (config: ServerTools, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map(name => [name, serverToolJudge(config)(name) ?? 'allowed']))

describe('the tool policy of a server', () => {
  test('as allowlist shows what is named and nothing else, as denylist all but what is named', () => {
    const allowlist = server({ mode: 'allowlist', allowedTools: ['read_*', 'echo'] })
    expect(judged(allowlist, ['read_file', 'echo', 'echo2', 'write_file'])).toEqual({
      read_file: 'allowed',
      echo: 'allowed',
      echo2: 'ToolNotAllowed',
      write_file: 'ToolNotAllowed',
    })
    const denylist = server({ mode: 'denylist', deniedTools: ['write_*'] })
    expect(judged(denylist, ['read_file', 'write_file'])).toEqual({
      read_file: 'allowed',
      write_file: 'ToolNotAllowed',
    })
  })

  test('allows nothing with an empty allowlist, and everything that is not dangerous when there is none', () => {
    expect(judged(server({ mode: 'allowlist', allowedTools: [] }), ['echo'])).toEqual({ echo: 'ToolNotAllowed' })
    expect(judged(server({ mode: 'allowlist' }), ['echo'])).toEqual({ echo: 'ToolNotAllowed' })
    expect(judged(server(), ['echo'])).toEqual({ echo: 'allowed' })
  })

  test('lets a denial win over an allowance', () => {
    const both = server({ mode: 'allowlist', allowedTools: ['*'], deniedTools: ['drop'] })
    expect(judged(both, ['drop', 'keep'])).toEqual({ drop: 'ToolNotAllowed', keep: 'allowed' })
  })

  test('allows names exactly as sent, and denies them in any width and case', () => {
    const names = ['Echo', 'ECHO', 'ｅｃｈｏ']
    const allowed = judged(server({ mode: 'allowlist', allowedTools: ['echo'] }), names)
    expect(Object.values(allowed)).toEqual(Array.from(names, () => 'ToolNotAllowed'))
    const denied = judged(server({ mode: 'denylist', deniedTools: ['eCHo'] }), names)
    expect(Object.values(denied)).toEqual(Array.from(names, () => 'ToolNotAllowed'))
  })
})

describe('dangerous tools', () => {
  const dangerous = [
    'exec',
    'run_exec_now',
    'shell',
    'PowerShell',
    'evaluate',
    'file_write_all',
    'delete_repository',
    'scan_network',
    'http_request_get',
    'ｄｅｌｅｔｅ',
  ]

  test('are flagged by every one of the seven default patterns, and only they', () => {
    const config = server(undefined, [], [...defaultDangerousPatterns])
    expect(defaultDangerousPatterns).toHaveLength(7)
    expect(judged(config, dangerous)).toEqual(Object.fromEntries(dangerous.map(name => [name, 'ToolNotApproved'])))
    expect(judged(config, ['read_file', 'echo', 'search'])).toEqual({
      read_file: 'allowed',
      echo: 'allowed',
      search: 'allowed',
    })
    const idle = defaultDangerousPatterns.filter(pattern =>
      dangerous.every(name => serverToolJudge(server(undefined, [], [pattern]))(name) === undefined),
    )
    expect(idle).toEqual([])
  })

  test('may be used once approved, under exactly that name', () => {
    const config = server(undefined, ['delete_file'], [...defaultDangerousPatterns])
    expect(judged(config, ['delete_file', 'Delete_file', 'delete_files'])).toEqual({
      delete_file: 'allowed',
      Delete_file: 'ToolNotApproved',
      delete_files: 'ToolNotApproved',
    })
  })

  test('stay closed when the server denies them, approved or not', () => {
    const config = server({ mode: 'denylist', deniedTools: ['delete_file'] }, ['delete_file'], ['*delete*'])
    expect(judged(config, ['delete_file'])).toEqual({ delete_file: 'ToolNotAllowed' })
  })
})

describe('the stage', () => {
  const glob = fc.constantFrom('*', 'a*', '*b', '?', 'aa', 'B*', 'ａ*', 'ab')
  const globs = fc.array(glob, { maxLength: 3 })
  const names = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'B', 'ａ'), minLength: 1, maxLength: 3 }), {
    maxLength: 8,
  })
  const configs = fc.record({
    policy: fc.option(
      fc.record({
        mode: fc.constantFrom('allowlist' as const, 'denylist' as const),
        allowedTools: globs,
        deniedTools: globs,
      }),
      { nil: undefined },
    ),
    dangerousPatterns: globs,
    approved: names,
  })

  test('shows exactly the tools that may be called, whatever the policy and the key', () => {
    fc.assert(
      fc.property(configs, names, names, ({ policy, ...rest }, offered, granted) => {
        const stage = tools({ ...rest, ...(policy && { policy }) })
        const x = caller(name => granted.includes(name))
        const offer = list(offered)
        const callable = offered.filter(
          name => codeOf(stage.request?.({ ...x, message: call({ name, arguments: {} }) })) === 'passed',
        )
        expect(shown(runSync(stage.response(x, offer)), offer)).toEqual(callable)
      }),
      { numRuns: 500 },
    )
  })

  test('says whether a tool is closed or waits for approval', () => {
    const stage = tools(server({ mode: 'denylist', deniedTools: ['no'] }, [], ['*exec*']))
    const verdict = (name: string): string => codeOf(stage.request?.({ ...caller(), message: call({ name }) }))
    expect([verdict('no'), verdict('exec'), verdict('yes')]).toEqual(['ToolNotAllowed', 'ToolNotApproved', 'passed'])
  })

  test('refuses a call that names no tool', () => {
    const stage = tools(server())
    for (const params of [{}, { name: 7 }, { name: null }, { Name2: 'echo' }])
      expect(codeOf(stage.request?.({ ...caller(), message: call(params) }))).toBe('InvalidParams')
  })

  test('leaves other methods alone', () => {
    const stage = tools(server({ mode: 'allowlist' }))
    expect(codeOf(stage.request?.({ ...caller(), message: call({ name: 'x' }, 'prompts/get') }))).toBe('passed')
  })

  test('cuts hidden tools out of a list and leaves every other byte as it was', () => {
    const stage = tools(server({ mode: 'denylist', deniedTools: ['b'] }))
    const text = (between: string, scope: string): string =>
      `{"jsonrpc":"2.0", "id":9007199254740993,"result":{ "ttlMs":1e3,"tools": [{"name":"a","x":1.0}${between}], "cacheScope":${scope}}}`
    const verdict = stage.response?.(caller(), answer(text(',{"name":"b"}', '"public"')))
    expect(verdict && 'replace' in verdict && verdict.replace.toString()).toBe(text('', '"private"'))
  })

  test('makes a list private even when this caller sees all of it, and leaves lists of earlier revisions untouched', () => {
    const stage = tools(server())
    const open = answer('{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"}],"cacheScope":"public"}}')
    const verdict = stage.response?.(caller(), open)
    expect(verdict && 'replace' in verdict && verdict.replace.toString()).toContain('"cacheScope":"private"')
    expect(stage.response?.(caller(), list(['a']))).toEqual({ pass: true })
  })

  test('withholds a list that it cannot judge, and hides tools without a name', () => {
    const stage = tools(server())
    const broken = answer('{"jsonrpc":"2.0","id":1,"result":{"tools":{"name":"a"}}}')
    expect(codeOf(runSync(stage.response(caller(), broken)))).toBe('UpstreamUnreadable')
    const nameless = answer('{"jsonrpc":"2.0","id":1,"result":{"tools":[{"title":"a"},{"name":"b"},"c",null]}}')
    expect(shown(runSync(stage.response(caller(), nameless)), nameless)).toEqual(['b'])
  })

  test('gives other calls a turn while it judges a long list, and shows what it shows of a short one', () => {
    const globs = Array.from({ length: 256 }, (_, at) => `*a*${at}*b`)
    const stage = tools(server({ mode: 'denylist', deniedTools: [...globs, 'no'] }))
    const short = list(['yes', 'no'])
    expect(isSteps(stage.response(caller(), short))).toBe(false)
    const long = list(Array.from({ length: 3000 }, (_, at) => (at % 2 === 0 ? `yes${at}` : 'no')))
    const steps = stage.response(caller(), long)
    let turns = 0
    const counted = (function* () {
      if (!isSteps(steps)) return steps
      for (;;) {
        const { done, value } = steps.next()
        if (done === true) return value
        turns++
        yield
      }
    })()
    expect(shown(runSync(counted), long)).toEqual(Array.from({ length: 1500 }, (_, at) => `yes${at * 2}`))
    expect(turns).toBeGreaterThan(10)
  })
})
