import { mint } from '../../hack/minted.ts'
import { startFixture, startGateway } from '../conformance/endpoints.ts'
import { table } from '../conformance/table.ts'
import { fixtureTools } from '../../hack/testing/tool-names.ts'
import { claudeCode } from './claude-code.ts'
import type { RealClient, Seen } from './client.ts'
import { geminiCli } from './gemini-cli.ts'
import { inspector } from './inspector.ts'
import { mcpRemote } from './mcp-remote.ts'
import { sdk1 } from './sdk-1.ts'
import { sdk2 } from './sdk-2.ts'

const clients: readonly RealClient[] = [
  sdk1,
  sdk2('legacy'),
  sdk2('auto'),
  inspector('legacy'),
  inspector('modern'),
  mcpRemote,
  claudeCode,
  geminiCli,
]

type AuditLine = { readonly verdict: string; readonly method?: string; readonly era?: string }

const fixture = await startFixture()
const gateway = await startGateway(`http://127.0.0.1:${fixture.port}/mcp`)
const target = { url: `http://127.0.0.1:${gateway.port}/mcp`, key: gateway.chain.key }
const rows: string[][] = []
let failed = false
try {
  for (const client of clients) rows.push(await tried(client))
} finally {
  await gateway.stop()
  await fixture.stop()
}
console.log(table(['client', 'version', 'connected', 'with another key', 'tools', 'era', 'what it asked for'], rows))
process.exitCode = failed ? 1 : 0

/** What the client itself showed beside what the gateway's audit log has of it: some commands list the tools and print nothing of them. */
async function tried(client: RealClient): Promise<string[]> {
  const before = (await gateway.audit()).length
  const seen = await client.connect(target).catch((error: unknown) => {
    console.log(`${client.name}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  })
  const refused = await client.connect({ ...target, key: mint('api-key') }).then(
    () => false,
    () => true,
  )
  const lines = (await gateway.audit()).slice(before).map(line => JSON.parse(line) as AuditLine)
  const allowed = lines.filter(line => line.verdict === 'allow')
  if (seen === undefined || !sawTools(seen) || !refused) failed = true
  const methods = [...new Set(allowed.map(line => line.method ?? ''))]
  const eras = [...new Set(allowed.map(line => line.era ?? ''))]
  return [
    client.name,
    client.version,
    seen === undefined ? 'NO' : 'yes',
    refused ? 'refused' : 'LET IN',
    toolsText(seen, methods),
    eras.join(' '),
    methods.join(' '),
  ]
}

function sawTools({ tools }: Seen): boolean {
  return tools === undefined || tools.toSorted().join() === fixtureTools.toSorted().join()
}

function toolsText(seen: Seen | undefined, methods: readonly string[]): string {
  if (seen?.tools !== undefined) return String(seen.tools.length)
  return methods.includes('tools/list') ? 'listed' : 'not asked for'
}
