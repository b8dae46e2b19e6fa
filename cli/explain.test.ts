import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { main } from './main.ts'

const folder = mkdtempSync(join(tmpdir(), 'explain-'))
afterAll(() => rmSync(folder, { recursive: true }))

const settings = (spec: string, source = 'url: "http://10.0.0.1/mcp"'): string => `apiVersion: mcp.gateway.io/v1
kind: MCPGateway
metadata: { name: default }
spec: ${spec}
---
apiVersion: mcp.gateway.io/v1
kind: MCPServer
metadata: { name: files }
spec: { ${source}, timeouts: { idle: 5s }, egress: [{ namespace: data, ports: [5432] }] }
`

async function explained(text: string): Promise<string[][]> {
  const file = join(folder, 'manifests.yaml')
  writeFileSync(file, text)
  let out = ''
  const say = (more: string): void => void (out += more)
  const random = (bytes: number): Buffer => Buffer.alloc(bytes)
  const code = await main(['explain', 'files', '-f', file], {
    env: {},
    now: () => 0,
    random,
    out: say,
    err: () => undefined,
  })
  expect(code).toBe(0)
  return out
    .trimEnd()
    .split('\n')
    .map(line => line.split(/ {2,}/))
}

test('explain prints what is set, with its origin, and what is built in', async () => {
  const lines = await explained(settings('{ limits: { maxConnections: 100 } }'))
  expect(lines).toContainEqual(['timeouts.idle', '5s', 'MCPServer/files'])
  expect(lines).toContainEqual(['timeouts.request', '300s', 'built-in'])
  expect(lines).toContainEqual(['limits.maxConnections', '100', 'MCPGateway/default'])
})

test('explain prints at the end what a cluster alone has, if it is set', async () => {
  const lines = await explained(
    settings('{ audit: { output: File }, metrics: { scrapers: [{ namespace: monitoring }] } }'),
  )
  expect(lines.slice(-3)).toEqual([
    ['egress', 'data:5432', 'MCPServer/files (in a cluster)'],
    ['audit.output', 'File', 'MCPGateway/default (in a cluster)'],
    ['metrics.scrapers', 'monitoring', 'MCPGateway/default (in a cluster)'],
  ])
  const silent = await explained(settings('{}'))
  expect(silent.filter(([, , origin]) => origin?.endsWith('(in a cluster)')).map(([field]) => field)).toEqual([
    'egress',
  ])
})

test('explain says what holds in a cluster for a server that only a cluster runs', async () => {
  const lines = await explained(settings('{ hosts: [mcp.example] }', 'image: "files:1"'))
  expect(lines).toContainEqual(['hosts', 'mcp.example', 'MCPGateway/default (in a cluster)'])
  expect(lines).toContainEqual(['timeouts.request', '300s', 'built-in (in a cluster)'])
})
