import { afterEach, expect, test } from 'vitest'
import type { Server } from '../config/servers.ts'
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
import { healthOf, isCurrent, sealsOf, upstreamOf, type LongLivedContext } from './long-lived.ts'
import { Registry } from './registry.ts'

afterEach(closeAll)

const command = fixture('child.ts', 'legacy')

const kid = (more: Partial<Server> = {}, args: string[] = []): Server => ({
  name: 'kid',
  upstream: { stdio: { command: [...command], args } },
  tools: { dangerousPatterns: [], approved: [] },
  guardrails: { rules: [] },
  ...more,
})

const guard = Buffer.alloc(32, 1)

function servers() {
  const made: Fixture[] = []
  const logged: string[] = []
  const say = (event: string): void => void logged.push(event)
  let secret = ''
  const context: LongLivedContext = {
    registry: new Registry({ info: say, warn: say, error: say }),
    stdio: {
      make(_, stdio) {
        const one = upstream([...stdio.command, ...(stdio.args ?? [])])
        made.push(one)
        return one
      },
      fingerprint: () => secret,
    },
    guard: () => [guard],
    healthChanged: () => undefined,
  }
  const use = (...all: Server[]): void => {
    context.registry.begin()
    for (const server of all) {
      upstreamOf(server, [], context)
      sealsOf(server.name, context)
      healthOf(server, [], context)
    }
  }
  const put = (...all: Server[]): void => {
    use(...all)
    context.registry.commit()
  }
  const rotateSecret = (): void => void (secret += 'x')
  return { context, registry: context.registry, made, use, put, rotateSecret, logged }
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
  const { context, made, put } = servers()
  put(kid())
  const pid = await started(made[0]!)
  put(kid())
  expect([made.length, alive(pid), isCurrent(kid(), [], context)]).toEqual([1, true, true])
})

test.each([
  ['stopped', { stopped: true }],
  ['refused', { refused: 'its policy does not compile' }],
])('the children of a server that is %s end, and none is made for it', async (_, more) => {
  const { context, made, put } = servers()
  put(kid())
  const pid = await started(made[0]!)
  put(kid(more))
  await expect.poll(() => alive(pid)).toBe(false)
  expect([made.length, isCurrent(kid(more), [], context)]).toEqual([1, true])
  put(kid())
  expect(alive(await started(made[1]!))).toBe(true)
})

test('a stop ends the children that were waiting for their calls after an earlier edit, too', async () => {
  const { made, put } = servers()
  put(kid())
  const pid = await started(made[0]!)
  put(kid({}, ['other']))
  expect(alive(pid)).toBe(true)
  put(kid({ stopped: true }))
  await expect.poll(() => alive(pid)).toBe(false)
})

test('an edit that is taken back finds the children that wait for their calls, and starts no others', async () => {
  const { made, put } = servers()
  put(kid())
  const pid = await started(made[0]!)
  put(kid({}, ['other']))
  put(kid())
  expect([made.length, alive(pid)]).toEqual([2, true])
})

test('at the end no child of a replaced or removed server is left behind', async () => {
  const { registry, made, put } = servers()
  put(kid(), kid({ name: 'other' }))
  const pids = [await started(made[0]!), await started(made[1]!)]
  put(kid({}, ['other']))
  expect(pids.map(alive)).toEqual([true, true])
  await registry.close()
  expect(pids.map(alive)).toEqual([false, false])
})

test('a configuration that is refused leaves what runs alone and ends what was made for it', async () => {
  const { registry, made, use, put } = servers()
  put(kid())
  const pid = await started(made[0]!)
  use(kid({}, ['other']), kid({ name: 'another', stopped: true }))
  const other = await started(made[1]!)
  registry.rollback()
  await expect.poll(() => alive(other)).toBe(false)
  put(kid())
  expect([made.length, alive(pid)]).toEqual([2, true])
})

test('a secret that is rotated gives a server another upstream, and its health probe with it', () => {
  const { context, made, put, rotateSecret } = servers()
  const checked = kid({ healthCheck: { interval: '1h' } })
  const health = () => {
    context.registry.begin()
    upstreamOf(checked, [], context)
    sealsOf(checked.name, context)
    const found = healthOf(checked, [], context)
    context.registry.commit()
    return found
  }
  const before = health()
  expect(health()).toBe(before)
  rotateSecret()
  expect(isCurrent(checked, [], context)).toBe(false)
  put(checked)
  expect([made.length, health() === before]).toEqual([2, false])
})
