import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gatewayFlags } from '../../hack/flags.ts'
import { chainA, type ChainA } from '../../hack/testing/chain-a.ts'
import { freePort, startNode, type Child } from './child.ts'
import { exchange } from './raw-http.ts'

const root = join(import.meta.dirname, '../..')

/** The fixture as a process of its own, at `http://127.0.0.1:<port>/mcp`. */
export async function startFixture(): Promise<Child> {
  const port = await freePort()
  return startNode([join(import.meta.dirname, 'fixture.ts')], port, { PORT: String(port) })
}

export type GatewayUnderTest = Child & {
  readonly chain: ChainA
  /** The lines of the audit log so far. */
  audit(): Promise<string[]>
  /** What audit and metrics have of the calls so far. */
  evidence(): Promise<{ readonly auditLines: number; readonly verdicts: number }>
}

/**
 * The gateway with chain A in front of an MCP endpoint, as a process with the flags of its image.
 *
 * @param entry the gateway's sources, or the bundle of its image
 */
export async function startGateway(upstream: string, entry = join(root, 'gateway/main.ts')): Promise<GatewayUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-conformance-'))
  const chain = chainA(upstream)
  await writeFile(join(folder, 'gateway.json'), JSON.stringify(chain.gateway))
  await writeFile(join(folder, 'keys.json'), JSON.stringify(chain.keys))
  const port = await freePort()
  const metrics = await freePort()
  const state = join(folder, 'state')
  const listen = ['--listen', `127.0.0.1:${port}`, '--metrics', `127.0.0.1:${metrics}`]
  const options = ['--config', folder, '--state', state, ...listen]
  const running = await startNode([...gatewayFlags(), entry, ...options], port)
  async function audit(): Promise<string[]> {
    // Lines are gathered for a tenth of a second before they are written.
    await sleep(500)
    return (await readFile(join(state, 'audit.jsonl'), 'utf8')).split('\n').filter(line => line !== '')
  }
  return {
    port,
    chain,
    audit,
    async evidence() {
      const { body } = await exchange(`http://127.0.0.1:${metrics}/metrics`, { method: 'GET', headers: {} })
      const counted = [...body.matchAll(/^bartizan_decisions_total\{.*\} (\d+)$/gm)]
      return {
        auditLines: (await audit()).length,
        verdicts: counted.reduce((sum, [, count]) => sum + Number(count), 0),
      }
    },
    async stop() {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
