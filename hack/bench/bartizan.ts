import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chainA, type ChainA } from '../testing/chain-a.ts'
import { freePort, proxyCore, start } from './process.ts'
import { answers, askOnce, isResult, type Target } from './target.ts'

export type Gateway = Target & {
  readonly name: 'bartizan'
  readonly pid: number
  /** A word that the chain refuses in arguments. */
  readonly forbidden: string
  /** Milliseconds from the start of the process to the first answered call. */
  readonly ready: number
}

const name = 'bench'

/** All clients of the benchmark come from one address, as those behind an ingress do. In a pod nothing bounds that; without one 256 would be all. */
const limits = { maxConnectionsPerIp: 1_000_000 } as const

/**
 * The gateway with chain A, as a process of its own.
 *
 * @param program the bundle with the flags of Node before it
 */
export async function bartizan(program: readonly string[], upstream: URL): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-bartizan-'))
  const chain = chainA(upstream.href, name)
  await writeFile(join(folder, 'gateway.json'), JSON.stringify({ ...chain.gateway, limits }))
  await writeFile(join(folder, 'keys.json'), JSON.stringify(chain.keys))
  const port = await freePort()
  const options = ['--config', folder, '--listen', `127.0.0.1:${port}`, '--state', join(folder, 'state')]
  const begun = performance.now()
  const running = start({
    core: proxyCore,
    command: [process.execPath, ...program, ...options],
    env: { NODE_ENV: 'production' },
  })
  const target = { name: 'bartizan' as const, url: `http://127.0.0.1:${port}/mcp/${name}`, key: chain.key }
  const stop = async (): Promise<void> => {
    await running.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await answers(target)
  } catch (error) {
    await stop()
    throw error
  }
  return { ...target, pid: running.pid, forbidden: forbiddenIn(chain), ready: performance.now() - begun, stop }
}

function forbiddenIn({ gateway }: ChainA): string {
  for (const { detector } of gateway.servers[0]?.guardrails?.rules ?? []) {
    if (detector.keywords?.words[0] !== undefined) return detector.keywords.words[0]
  }
  throw new Error('chain A forbids no word')
}

/** Throws unless the chain is in force: figures of a gateway that lets everything pass would be worth nothing. */
export async function proveChain(gateway: Gateway): Promise<void> {
  const without = await askOnce({ ...gateway, key: '' }, 'Lisbon')
  if (without.status !== 401) throw new Error(`a call without a key gives ${without.status}`)
  if (isResult(await askOnce(gateway, `the ${gateway.forbidden} of Lisbon`))) throw new Error('a forbidden word passes')
}
