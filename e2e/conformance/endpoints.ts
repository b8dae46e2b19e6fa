import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gatewayFlags } from '../../hack/flags.ts'
import { chainA, type ChainA } from './chain-a.ts'
import { freePort, startNode, type Child } from './child.ts'

const root = join(import.meta.dirname, '../..')

/** The fixture as a process of its own, at `http://127.0.0.1:<port>/mcp`. */
export async function startFixture(): Promise<Child> {
  const port = await freePort()
  return startNode([join(import.meta.dirname, 'fixture.ts')], port, { PORT: String(port) })
}

export type GatewayUnderTest = Child & { readonly chain: ChainA }

/** The gateway with chain A in front of an MCP endpoint, as a process with the flags of its image. */
export async function startGateway(upstream: string): Promise<GatewayUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-conformance-'))
  const chain = chainA(upstream)
  await writeFile(join(folder, 'gateway.json'), JSON.stringify(chain.gateway))
  await writeFile(join(folder, 'keys.json'), JSON.stringify(chain.keys))
  const port = await freePort()
  const options = ['--config', folder, '--listen', `127.0.0.1:${port}`, '--state', join(folder, 'state')]
  const running = await startNode([...gatewayFlags(), join(root, 'gateway/main.ts'), ...options], port)
  return {
    port,
    chain,
    async stop() {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
