import { mint } from '../../hack/minted.ts'
import { forbiddenWords } from '../../hack/testing/chain-a.ts'
import { exchange, type Answer } from './raw-http.ts'

/** A sign that a part of chain A is at work. A chain that lets everything through makes no differences either. */
export type Control = { readonly what: string; readonly held: boolean }

const revision = '2026-07-28'

/** Calls the fixture's tool that repeats its arguments. */
function repeat(url: string, key: string, name: string): Promise<Answer> {
  const params = {
    name: 'json_schema_2020_12_tool',
    arguments: { name, contactMethod: 'email', email: 'jane@example.com' },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': revision,
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  }
  return exchange(url, {
    method: 'POST',
    headers: {
      'x-api-key': key,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': revision,
      'mcp-method': 'tools/call',
      'mcp-name': params.name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  })
}

/** Asks the gateway itself, not the shim: the key, both detectors, and that a clean call passes. */
export async function controls(url: string, key: string): Promise<Control[]> {
  const secret = mint('github', r => `ghp_${r(36)}`)
  const clean = await repeat(url, key, 'nothing to find')
  const leaking = await repeat(url, key, secret)
  return [
    { what: 'a clean call passes', held: clean.status === 200 && clean.body.includes('nothing to find') },
    { what: 'a wrong key is refused', held: (await repeat(url, mint('api-key'), 'x')).status === 401 },
    { what: 'a forbidden word is blocked', held: (await repeat(url, key, forbiddenWords[0]!)).status === 400 },
    { what: 'a secret is redacted', held: leaking.status === 200 && !leaking.body.includes(secret.slice(-12)) },
  ]
}
