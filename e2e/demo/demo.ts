// npm run demo [-- --once]: two real MCP servers behind the gateway, and a real client before it.
import { parseArgs } from 'node:util'
import { clients } from '../../cli/clients.ts'
import { rows, type Row } from './rows.ts'
import { setUp, type Stage } from './stage.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const width = Math.max(...rows.map(row => row.what.length))

/** Shows one row; resolves to whether it came out as it should. */
async function show(row: Row, stage: Stage): Promise<boolean> {
  try {
    const seen = await row.see(stage)
    say(`  ok     ${row.what.padEnd(width)}   ${seen}`)
    return true
  } catch (error) {
    say(`  WRONG  ${row.what.padEnd(width)}   ${(error as Error).message}`)
    return false
  }
}

function invite({ gateway, keys }: Stage): void {
  const target = { name: 'files', url: `${gateway.url}/mcp/files`, variable: 'BARTIZAN_KEY' }
  say(`\nThe gateway keeps serving. Try it yourself:

  ${gateway.url}/mcp/files        ${gateway.url}/mcp/everything

  export BARTIZAN_KEY=${keys.alice}
  ${clients['claude-code']!(target).text}

Or put this into .cursor/mcp.json:

${clients['cursor']!(target).text}

Ctrl-C ends it and removes everything.`)
}

const interrupted = (): Promise<void> =>
  new Promise(resolve => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })

const { values } = parseArgs({ options: { once: { type: 'boolean' } } })
const end = interrupted()
say('Starting two MCP servers and the gateway before them ...\n')
const stage = await setUp(values.once === true ? { port: 0 } : {})
let failed = 0
try {
  for (const row of rows) if (!(await show(row, stage))) failed++
  if (failed > 0) say(`\nThe gateway said:\n\n${stage.gateway.said()}`)
  if (values.once !== true) {
    invite(stage)
    await end
  }
} finally {
  await stage.clean()
}
say(failed === 0 ? '\nEvery row came out as it should.' : `\n${failed} of ${rows.length} rows went wrong.`)
process.exit(failed === 0 ? 0 : 1)
