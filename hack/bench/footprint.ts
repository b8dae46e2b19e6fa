import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { bartizan, type Gateway } from './bartizan.ts'
import { cpuOf, loadCore, memoryOf, openFilesLimit, start, type Memory } from './process.ts'
import { answers, type Target } from './target.ts'
import { programs } from './tools.ts'

/** A gateway that was just started and has answered a few calls. */
export type Start = { readonly ready: number; readonly memory: Memory }

/** What a handshake of the operator and a minute of health checks come to: a gateway that was not asked anything takes less than any that there is. */
const fewCalls = 12

/** Starts fresh gateways one after the other; memory is read when each has come to rest. */
export async function measureStarts(
  program: readonly string[],
  upstream: URL,
  repeats: number,
): Promise<readonly Start[]> {
  const starts: Start[] = []
  for (let repeat = 0; repeat < repeats; repeat++) starts.push(await atRest(await bartizan(program, upstream)))
  return starts
}

/** Lets a fresh gateway come to rest, reads its memory and ends it. */
export async function atRest(gateway: Gateway): Promise<Start> {
  try {
    for (let call = 0; call < fewCalls; call++) await answers(gateway)
    await sleep(3000)
    return { ready: gateway.ready, memory: memoryOf(gateway.pid) }
  } finally {
    await gateway.stop()
  }
}

/** Thousandths of a core that a gateway uses without any call, in each of several windows of ten seconds. */
export async function measureIdleCpu(
  program: readonly string[],
  upstream: URL,
  windows: number,
): Promise<readonly number[]> {
  const gateway = await bartizan(program, upstream)
  await sleep(5000)
  const used: number[] = []
  for (let window = 0; window < windows; window++) {
    const before = cpuOf(gateway.pid)
    await sleep(10_000)
    used.push((cpuOf(gateway.pid) - before) / 10_000)
  }
  await gateway.stop()
  return used
}

const held = z.strictObject({ open: z.number(), error: z.string().optional() })

/** Silent streams that a gateway holds, and what each costs it. */
export type Streams = {
  readonly asked: number
  readonly open: number
  /** Still open after the time they were held. */
  readonly survived: number
  readonly heldSeconds: number
  /** Anonymous memory that was there before the streams and is there with them, in MiB. */
  readonly before: Memory
  readonly during: Memory
  /** Thousandths of a core while nothing is sent but keep-alive comments. */
  readonly cpu: number
  /** KiB of resident memory of the gateway per stream. */
  readonly each: number
}

/** Descriptors that a gateway needs beside its two for every stream. */
const spareFiles = 64

/**
 * Opens silent `subscriptions/listen` streams through a fresh gateway and holds them.
 *
 * Each needs a socket to the client and one to the server, so the limit of open files may allow fewer than were asked for.
 */
export async function measureStreams(program: readonly string[], upstream: URL, asked: number): Promise<Streams> {
  const count = Math.min(asked, Math.floor((openFilesLimit() - spareFiles) / 2))
  const heldSeconds = 45
  const gateway = await bartizan(program, upstream)
  await sleep(3000)
  const before = memoryOf(gateway.pid)
  const options = ['-url', gateway.url, '-key', gateway.key, '-streams', String(count)]
  const client = start({ core: loadCore, command: [programs.idle, ...options], lines: true })
  try {
    const opened = held.parse(JSON.parse(await client.line()))
    if (opened.error !== undefined) throw new Error(`${opened.open} of ${count} streams are open: ${opened.error}`)
    const spent = cpuOf(gateway.pid)
    await sleep(heldSeconds * 1000)
    const cpu = (cpuOf(gateway.pid) - spent) / 1000 / heldSeconds
    const during = memoryOf(gateway.pid)
    client.input.end()
    const { open: survived } = held.parse(JSON.parse(await client.line()))
    const each = ((during.resident - before.resident) * 1024) / opened.open
    return { asked, open: opened.open, survived, heldSeconds, before, during, cpu, each }
  } finally {
    await client.stop()
    await gateway.stop()
  }
}

/** Memory of a gateway that has been under load, some seconds after the last call. */
export async function measureAfterLoad(target: Target): Promise<Memory> {
  if (target.pid === undefined) throw new Error(`${target.name} has no process`)
  await sleep(5000)
  return memoryOf(target.pid)
}
