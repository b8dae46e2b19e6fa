import { existsSync, readFileSync, statSync } from 'node:fs'
import { keep, mint } from '../../../hack/minted.ts'
import { afterEach, describe, expect, test } from 'vitest'
import {
  ask,
  closeAll,
  done,
  fixture,
  initialize,
  initializeBody,
  legacy,
  manualClock,
  modernRequest,
  modernTool,
  textOf,
  tool,
  upstream,
} from './testdata/client.ts'

afterEach(closeAll)

describe('processes', () => {
  test('a death fails the calls in flight and the server stream, and ends the session', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const waits = ask(server, { session, body: tool('1', 'hold') })
    const stream = ask(server, { session, method: 'GET' })
    const killer = await done(server, { session, body: tool('2', 'die') })
    await Promise.all([waits.over, stream.over])
    for (const heard of [waits, killer, stream]) expect(heard.failed?.code).toBe('UpstreamUnreachable')
    expect(killer.failed?.detail).toContain('code 3')
    expect((await done(server, { session, body: tool('3', 'pid') })).status).toBe(404)
    expect(await initialize(server)).not.toBe(session)
  })

  test('a program that cannot be run is unreachable, in both eras, and nothing throws', async () => {
    const server = upstream(['/nowhere/at-all'])
    for (const body of [initializeBody, modernTool('1', 'pid'), modernTool('2', 'pid')]) {
      expect((await done(server, { body })).failed?.code).toBe('UpstreamUnreachable')
    }
  })

  test('a variable that cannot be passed on is unreachable, and its value stays out of the log', async () => {
    const secret = mint('child-environment')
    const server = upstream(legacy(), { env: { WEATHER_KEY: `${secret}\0` } })
    const heard = await done(server, { body: initializeBody })
    expect(heard.failed?.code).toBe('UpstreamUnreachable')
    expect(heard.failed?.detail).toContain('ERR_INVALID_ARG_VALUE')
    expect(JSON.stringify([server.lines, heard.failed])).not.toContain(secret)
  })

  test('a principal may have so many processes and no more, and others still get theirs', async () => {
    const server = upstream(legacy(), { limits: { maxProcesses: 3, maxProcessesPerPrincipal: 2 } })
    const first = await initialize(server, 'alice')
    await initialize(server, 'alice')
    expect((await done(server, { body: initializeBody, who: 'alice' })).failed?.code).toBe('Busy')
    await initialize(server, 'bob')
    expect((await done(server, { body: initializeBody, who: 'carol' })).failed?.code).toBe('Busy')
    await done(server, { session: first, method: 'DELETE', who: 'alice' })
    await expect.poll(async () => (await done(server, { body: initializeBody, who: 'carol' })).status).toBe(200)
  })

  test('at its limit a principal gets the room of a session of its own that was quiet for long', async () => {
    const clock = manualClock()
    const server = upstream(legacy(), { clock, limits: { maxProcessesPerPrincipal: 2 } })
    const first = await initialize(server)
    const second = await initialize(server)
    clock.advance(50_000)
    await done(server, { session: first, body: tool('1', 'pid') })
    expect((await done(server, { body: initializeBody })).failed?.code).toBe('Busy')
    const stream = ask(server, { session: second, method: 'GET' })
    clock.advance(60_000)
    expect((await done(server, { body: initializeBody })).status).toBe(200)
    expect((await done(server, { session: first, body: tool('2', 'pid') })).status).toBe(404)
    stream.call.cancel()
    clock.advance(59_999)
    expect((await done(server, { body: initializeBody })).failed?.code).toBe('Busy')
    expect((await done(server, { session: second, body: tool('1', 'pid') })).status).toBe(200)
  })

  test('a modern request gets the room of a quiet session, too', async () => {
    const clock = manualClock()
    const server = upstream(fixture('modern.ts'), { clock, limits: { maxProcessesPerPrincipal: 1 } })
    const session = await initialize(server)
    const discover = modernRequest('1', 'server/discover')
    expect((await done(server, { body: discover })).failed?.code).toBe('Busy')
    clock.advance(60_000)
    expect((await done(server, { body: discover })).status).toBe(200)
    expect((await done(server, { session, body: tool('1', 'echo') })).status).toBe(404)
  })

  test('a child that does not read its input makes calls Busy instead of filling the memory', async () => {
    const server = upstream(legacy(), { limits: { maxUnread: 100_000 } })
    const session = await initialize(server)
    await done(server, { session, body: tool('1', 'deaf') })
    const text = 'z'.repeat(100_000)
    const calls = [2, 3, 4, 5, 6].map(id => ask(server, { session, body: tool(String(id), 'echo', { text }) }))
    await calls[4]?.over
    expect(calls[4]?.failed?.code).toBe('Busy')
  })

  test('a child sees PATH, a home of its own and what the server names, and the home goes with it', async () => {
    const server = upstream(legacy(), { env: { WEATHER_KEY: 'k-1' } })
    const session = await initialize(server)
    const env = JSON.parse(textOf(await done(server, { session, body: tool('1', 'env') }))) as Record<string, string>
    expect(Object.keys(env).toSorted()).toEqual(['HOME', 'PATH', 'WEATHER_KEY'])
    const home = env.HOME ?? ''
    expect(statSync(home).mode & 0o777).toBe(0o700)
    await server.close()
    expect(existsSync(home)).toBe(false)
  })

  test('close ends a process that ignores every polite request, and its children', async () => {
    const server = upstream(legacy('--stubborn'))
    const session = await initialize(server)
    const pids = [
      Number(textOf(await done(server, { session, body: tool('1', 'pid') }))),
      Number(textOf(await done(server, { session, body: tool('2', 'grandchild') }))),
    ]
    for (const pid of pids) expect(process.kill(pid, 0)).toBe(true)
    await server.close()
    for (const pid of pids) expect(running(pid)).toBe(false)
    expect((await done(server, { body: initializeBody })).failed?.code).toBe('ShuttingDown')
  })

  test('children of a process that died are ended too', async () => {
    const server = upstream(legacy())
    const session = await initialize(server)
    const grandchild = Number(textOf(await done(server, { session, body: tool('1', 'grandchild') })))
    await done(server, { session, body: tool('2', 'die') })
    await expect.poll(() => running(grandchild)).toBe(false)
  })

  test('stderr goes to the log without secrets and not without bound', async () => {
    const secret = mint('child-environment')
    const server = upstream(legacy(), { env: { WEATHER_KEY: secret } })
    const session = await initialize(server)
    const lines = [`key ${secret}`, Buffer.from(`u:${secret}`).toString('base64'), ...Array<string>(100).fill('noise')]
    await done(server, { session, body: tool('1', 'complain', { lines }) })
    await server.close()
    keep('log', 'stdio-stderr', JSON.stringify(server.lines))
    const logged = server.lines.filter(({ event }) => event === 'stdio.stderr')
    expect(logged).toHaveLength(20)
    expect(logged[0]?.fields.text).toBe('key [WEATHER_KEY]')
    expect(logged[1]?.fields.text).toContain('[WEATHER_KEY]')
  })
})

/** Alive, and not only an entry that nobody has waited for. */
function running(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
