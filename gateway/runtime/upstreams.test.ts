import { afterEach, expect, test } from 'vitest'
import type { Server } from '../config/servers.ts'
import { UpstreamRegistry } from '../upstream/server-upstream.ts'
import {
  closeAll,
  done,
  fixture,
  initialize,
  textOf,
  tool,
  upstream,
  type Fixture,
} from '../upstream/stdio/testdata/client.ts'

afterEach(closeAll)

const command = fixture('child.ts', 'legacy')

const kid = (more: Partial<Server> = {}, args: string[] = []): Server => ({
  name: 'kid',
  upstream: { stdio: { command: [...command], args } },
  tools: { dangerousPatterns: [], approved: [] },
  guardrails: { rules: [] },
  ...more,
})

function registry() {
  const made: Fixture[] = []
  const upstreams = new UpstreamRegistry({
    make(_, stdio) {
      const one = upstream([...stdio.command, ...(stdio.args ?? [])])
      made.push(one)
      return one
    },
    fingerprint: () => '',
  })
  const put = (...servers: Server[]): void => {
    for (const server of servers) upstreams.get(server, [])
    upstreams.commit()
  }
  return { upstreams, made, put }
}

/** Opens a session, which starts a child; its process id. */
async function started(server: Fixture): Promise<number> {
  const session = await initialize(server)
  return Number(textOf(await done(server, { session, body: tool('1', 'pid') })))
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a server that has not changed keeps its children', async () => {
  const { upstreams, made, put } = registry()
  put(kid())
  const pid = await started(made[0]!)
  put(kid())
  expect([made.length, alive(pid), upstreams.fits(kid(), [])]).toEqual([1, true, true])
})

test.each([
  ['stopped', { stopped: true }],
  ['refused', { refused: 'its policy does not compile' }],
])('the children of a server that is %s end, and none is made for it', async (_, more) => {
  const { upstreams, made, put } = registry()
  put(kid())
  const pid = await started(made[0]!)
  put(kid(more))
  await expect.poll(() => alive(pid)).toBe(false)
  expect([made.length, upstreams.fits(kid(more), [])]).toEqual([1, true])
  put(kid())
  expect(alive(await started(made[1]!))).toBe(true)
})

test('a stop ends the children that were waiting for their calls after an earlier edit, too', async () => {
  const { made, put } = registry()
  put(kid())
  const pid = await started(made[0]!)
  put(kid({}, ['other']))
  expect(alive(pid)).toBe(true)
  put(kid({ stopped: true }))
  await expect.poll(() => alive(pid)).toBe(false)
})

test('at the end no child of a replaced or removed server is left behind', async () => {
  const { upstreams, made, put } = registry()
  put(kid(), kid({ name: 'other' }))
  const pids = [await started(made[0]!), await started(made[1]!)]
  put(kid({}, ['other']))
  expect(pids.map(alive)).toEqual([true, true])
  await upstreams.close()
  expect(pids.map(alive)).toEqual([false, false])
})

test('a configuration that is refused leaves what runs alone and ends what was made for it', async () => {
  const { upstreams, made, put } = registry()
  put(kid())
  const pid = await started(made[0]!)
  upstreams.get(kid({}, ['other']), [])
  const other = await started(made[1]!)
  upstreams.get(kid({ stopped: true }), [])
  upstreams.rollback()
  await expect.poll(() => alive(other)).toBe(false)
  put(kid())
  expect([made.length, alive(pid)]).toEqual([2, true])
})
