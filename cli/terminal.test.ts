import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { main } from './main.ts'

const folder = mkdtempSync(join(tmpdir(), 'terminal-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** All that a command says, and nothing of it may be more than text. */
async function said(...args: string[]): Promise<string> {
  let all = ''
  const say = (text: string): void => void (all += text)
  await main(args, { env: {}, now: () => 0, random: randomBytes, out: say, err: say })
  return all
}

const manifest = join(folder, 'hostile.yaml')
writeFileSync(
  manifest,
  String.raw`apiVersion: mcp.gateway.io/v1
kind: MCPServer
metadata: { name: files }
spec: { url: "http://10.0.0.1/mcp", toolPolicy: { mode: denylist, deniedTools: ["a\e[2J\u202e"] } }
---
apiVersion: mcp.gateway.io/v1
kind: GuardrailPolicy
metadata: { name: odd }
spec: { servers: ["*"], "no\e]0;x\a\u009bsuch\u200b": 1 }
---
apiVersion: mcp.gateway.io/v1
kind: APIKey
metadata: { name: "k\e[31m\u2028" }
spec: { allowedServers: ["*"] }
`,
)

test.each([
  ['lint', manifest],
  ['render', manifest],
  ['explain', 'files', '-f', manifest],
  ['explain', 'fi\u001b[31mles\u202e', '-f', manifest],
  ['tools', 'no\u009bne', '-f', manifest],
  ['com\u001bmand'],
])('bartizan %s says nothing that commands a terminal', async (...args) => {
  const text = await said(...args)
  expect(text).not.toBe('')
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{DI}]/u)
})
