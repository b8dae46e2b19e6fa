import { describe, expect, test } from 'vitest'
import { configure } from './configure.ts'
import { load } from './load.ts'
import { welcome } from './welcome.ts'

type Given = {
  readonly gateway?: string
  readonly keys?: string
  readonly urls?: readonly string[]
  readonly paths?: readonly string[]
}

const object = (kind: string, name: string, spec: string): string =>
  `---\napiVersion: mcp.gateway.io/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`
const digests = (digit: string): string => `digests: ["sha256:${digit.repeat(64)}"]`

function shown({ gateway = '{}', keys = '', urls = ['http://127.0.0.1:8080'], paths = ['m'] }: Given): string {
  const text =
    object('MCPServer', 'files', '{command: [x]}') +
    object('MCPServer', 'stopped-one', '{command: [x], stopped: true}') +
    object('MCPServer', 'wrong', '{image: x}') +
    object('MCPGateway', 'default', gateway) +
    keys
  const surroundings = { namespace: undefined, urls: {}, lastGood: [], salt: Buffer.alloc(32) }
  const configured = configure(load([{ file: 'a.yaml', text }], {}), surroundings)
  return welcome({ configured, urls, paths, audit: 'state/audit.jsonl', now: Date.parse('2026-06-01') })
}

describe('what the terminal shows', () => {
  test('names every server with its address and its state', () => {
    expect(shown({})).toContain('Bartizan guards 3 servers, listening on http://127.0.0.1:8080:')
    expect(shown({})).toContain('  files        http://127.0.0.1:8080/mcp/files\n')
    expect(shown({})).toContain('  stopped-one  http://127.0.0.1:8080/mcp/stopped-one  (stopped)\n')
    expect(shown({})).toContain('  wrong        http://127.0.0.1:8080/mcp/wrong  (refused, see above)\n')
  })

  test.each([
    [['m/'], '-o m/me-key.yaml'],
    [['server.yaml'], '--append server.yaml'],
    [['server.json'], '-o me-key.yaml'],
  ])('without a key gives the command that makes one where %j is watched', (paths, target) =>
    expect(shown({ paths })).toContain(`bartizan keys create me --servers '*' ${target}\n`),
  )

  test('counts the keys that open, not those that are revoked or over', () => {
    const keys =
      object('APIKey', 'alice', `{${digests('0')}, allowedServers: [files]}`) +
      object('APIKey', 'bob', `{${digests('1')}, allowedServers: ["*"], revoked: true}`) +
      object('APIKey', 'carol', `{${digests('2')}, allowedServers: ["*"], expiresAt: "2026-05-31T00:00:00Z"}`)
    expect(shown({ keys })).toContain('1 API key may come in, by X-API-Key or Authorization: Bearer:\n  alice: files\n')
  })

  test('tells clients the public address', () => {
    const gateway = '{publicUrl: "https://mcp.example.com/"}'
    expect(shown({ gateway })).toContain('  files        https://mcp.example.com/mcp/files\n')
    expect(shown({ gateway })).toContain('http files https://mcp.example.com/mcp/files')
  })

  test('on all addresses names a host, or says that one has to be named', () => {
    const urls = ['https://0.0.0.0:8443', 'https://[::]:8443']
    expect(shown({ urls, gateway: '{hosts: [a.example]}' })).toContain('https://a.example:8443/mcp/files')
    expect(shown({ urls, gateway: '{hosts: ["a.example:443"]}' })).toContain('https://a.example:443/mcp/files')
    expect(shown({ urls })).toContain('Clients are refused until MCPGateway.spec.publicUrl or spec.hosts')
    expect(shown({})).not.toContain('Clients are refused')
  })
})
