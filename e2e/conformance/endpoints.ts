import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gatewayFlags } from '../../hack/flags.ts'
import { chainA, type ChainA } from './chain-a.ts'
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
  /** What audit and metrics have of the calls so far. */
  evidence(): Promise<{ readonly auditLines: number; readonly verdicts: number }>
}

/** The gateway with chain A in front of an MCP endpoint, as a process with the flags of its image. */
export async function startGateway(upstream: string): Promise<GatewayUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-conformance-'))
  const chain = chainA(upstream)
  await writeFile(join(folder, 'gateway.json'), JSON.stringify(chain.gateway))
  await writeFile(join(folder, 'keys.json'), JSON.stringify(chain.keys))
  const port = await freePort()
  const metrics = await freePort()
  const state = join(folder, 'state')
  const listen = ['--listen', `127.0.0.1:${port}`, '--metrics', `127.0.0.1:${metrics}`]
  const options = ['--config', folder, '--state', state, ...listen]
  const running = await startNode([...gatewayFlags(), join(root, 'gateway/main.ts'), ...options], port)
  return {
    port,
    chain,
    async evidence() {
      const { body } = await exchange(`http://127.0.0.1:${metrics}/metrics`, { method: 'GET', headers: {} })
      const counted = [...body.matchAll(/^bartizan_decisions_total\{.*\} (\d+)$/gm)]
      const audit = await readFile(join(state, 'audit.jsonl'), 'utf8')
      return {
        auditLines: audit.split('\n').length - 1,
        verdicts: counted.reduce((sum, [, count]) => sum + Number(count), 0),
      }
    },
    async stop() {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
