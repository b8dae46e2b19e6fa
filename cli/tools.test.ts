import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mint } from '../hack/minted.ts'
import { scriptedUpstream, type Respond, type ScriptedUpstream } from '../hack/testing/scripted-upstream.ts'
import { listing } from '../hack/testing/tool-list-server.ts'
import { main } from './main.ts'

const names = ['read_note', 'write_note', 'delete_note', 'shell']

function notes(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  for (const name of names) server.registerTool(name, { description: `${name}\nmore` }, () => ({ content: [] }))
  return server
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

const answer = toNodeHandler(createMcpHandler(notes, { legacy: 'reject' }))
/** The same server twice: one that speaks 2026-07-28 alone, and one that knows the older revisions only. */
const modern = createServer((req, res) => void answer(req as NodeIncomingMessageLike, res))
/** Answers as a stream of events, with something else before the answer. */
const legacyAnswer: Respond = ({ body, method }, res) => {
  const message = JSON.parse(body.toString() || '{}') as {
    id?: number
    method?: string
    params?: { cursor?: string }
  }
  if (message.id === undefined) return void res.writeHead(method === 'DELETE' ? 200 : 202).end()
  const at = Number(message.params?.cursor ?? 0)
  const nextCursor = at + 1 < names.length ? String(at + 1) : undefined
  const known: Readonly<Record<string, object>> = {
    initialize: { protocolVersion: '2025-06-18', capabilities: {} },
    'tools/list': { tools: [{ name: names[at] }], nextCursor },
  }
  const result = known[message.method ?? '']
  const answer = result ? { result } : { error: { code: -32601, message: 'Method not found' } }
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Mcp-Session-Id': 's' })
  res.write(
    `: a comment\r\n\r\nevent: message\r\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message' })}\r\n\r\n`,
  )
  res.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer })}\n\n`)
}
let legacy: ScriptedUpstream
/** What was sent to it: the method of each message, and of requests without one. */
const sent = (from: number): unknown[] =>
  legacy.seen
    .slice(from)
    .map(({ body, method }) => (JSON.parse(body.toString() || '{}') as { method?: string }).method ?? method)

const folder = mkdtempSync(join(tmpdir(), 'tools-'))
const urls = { modern: '', legacy: '' }
beforeAll(async () => {
  urls.modern = await listening(modern)
  legacy = await scriptedUpstream(legacyAnswer)
  urls.legacy = legacy.url
})
afterAll(async () => {
  modern.close()
  await legacy.stop()
  rmSync(folder, { recursive: true })
})

async function run(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const code = await main(args, {
    env,
    out: text => (said.out += text),
    err: text => (said.err += text),
    now: () => 0,
    random: randomBytes,
  })
  return { code, ...said }
}

let count = 0
function manifests(url: string, spec = ''): string {
  const file = join(folder, `${count++}.yaml`)
  const object = (kind: string, name: string, body: string): string =>
    `---\napiVersion: mcp.gateway.io/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${body}\n`
  const digests = (digit: string): string => `digests: ["sha256:${digit.repeat(64)}"]`
  writeFileSync(
    file,
    object('MCPServer', 'notes', `{url: "${url}", toolPolicy: {mode: denylist, deniedTools: [write_*]}${spec}}`) +
      object('MCPGateway', 'default', '{servers: {allowedNetworks: [127.0.0.0/8]}}') +
      object('GuardrailPolicy', 'g', '{servers: [notes], tools: {approved: [{server: notes, tool: delete_note}]}}') +
      object('APIKey', 'reader', `{${digests('0')}, allowedServers: [notes], allowedTools: ["read_*"]}`) +
      object('APIKey', 'elsewhere', `{${digests('1')}, allowedServers: [other]}`) +
      object('APIKey', 'gone', `{${digests('2')}, allowedServers: ["*"], revoked: true}`),
  )
  return file
}

describe('tools with manifests', () => {
  test.each(['modern', 'legacy'] as const)(
    'says of each tool of a %s server whether it is shown, and what hides it',
    async era => {
      const { code, out, err } = await run({}, 'tools', 'notes', '-f', manifests(urls[era]))
      expect(code).toBe(0)
      expect(out).toBe(`shown   read_note
hidden  write_note   MCPServer.spec.toolPolicy.deniedTools has "write_*"
shown   delete_note
hidden  shell        dangerous ("*shell*"): approve it by GuardrailPolicy.spec.tools.approved: [{server: notes, tool: shell}]
`)
      expect(err).toBe('2 of 4 tools of notes are shown\n')
    },
  )

  test('shows what one key sees', async () => {
    const { out, err } = await run({}, 'tools', 'notes', '-f', manifests(urls.modern), '--as', 'reader')
    expect(out).toContain('hidden  delete_note  not in allowedTools of APIKey reader\n')
    expect(err).toBe('1 of 4 tools of notes are shown to reader\n')
  })

  test('reads a list without an end so far and no further, and says so', async () => {
    let pages = 0
    let more = ''
    const endless = await scriptedUpstream(
      listing(({ json }) => {
        const tools = [{ name: `t${pages++}${more}`, description: 'x'.repeat(1024 * 1024) }]
        json({ tools, nextCursor: String(pages) })
      }),
    )
    try {
      const { url } = endless
      const { code, out, err } = await run({}, 'tools', 'notes', '-f', manifests(url))
      expect([code, out]).toEqual([0, 'shown   t0\n'])
      expect(err).toContain('this is not the whole list: the list of tools is longer than 2097152 bytes\n')
      more = '\u001b'.repeat(1000)
      const direct = await run({ BARTIZAN_KEY: 'x' }, 'tools', url)
      expect([direct.code, direct.err]).toEqual([
        0,
        'this is not the whole list: the list of tools is longer than 2097152 bytes\n',
      ])
      expect(direct.out).toMatch(/^t\d\?{125}…  x{100}\n$/)
      expect(pages).toBeLessThan(10)
    } finally {
      await endless.stop()
    }
  })

  test('asks a stopped server, too', async () => {
    const { err } = await run({}, 'tools', 'notes', '-f', manifests(urls.modern, ', stopped: true'))
    expect(err).toBe('2 of 4 tools of notes are shown\n')
  })

  test.each([
    [['--as', 'elsewhere'], 'APIKey elsewhere does not allow the server notes'],
    [['--as', 'gone'], 'APIKey gone is revoked'],
    [['--as', 'raeder'], 'no APIKey is called raeder; did you mean reader?'],
    [['--url', 'notes=http://127.0.0.1:9/mcp'], 'HTTP 502'],
  ])('with %j ends with a usage error', async (more, says) => {
    const { code, out, err } = await run({}, 'tools', 'notes', '-f', manifests(urls.modern), ...more)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(says)
  })
})

describe('tools with an address', () => {
  test.each(['modern', 'legacy'] as const)('lists what a %s server shows, over all pages', async era => {
    const { code, out } = await run({ BARTIZAN_KEY: mint('api-key') }, 'tools', urls[era])
    expect(code).toBe(0)
    expect(out.split('\n').map(line => line.split(' ')[0])).toEqual([...names, ''])
  })

  test('opens and ends a session where there are any', async () => {
    const from = legacy.seen.length
    await run({ BARTIZAN_KEY: mint('api-key') }, 'tools', urls.legacy)
    const lists = Array(names.length).fill('tools/list')
    expect(sent(from)).toEqual(['server/discover', 'initialize', 'notifications/initialized', ...lists, 'DELETE'])
  })

  test.each([
    [{}, 'http://127.0.0.1:9/mcp', 'BARTIZAN_KEY is not set'],
    [{ BARTIZAN_KEY: 'x' }, 'http://127.0.0.1:9/mcp', 'http://127.0.0.1:9/mcp: no answer'],
  ])('ends with a usage error for %j at %s', async (env, url, says) => {
    const { code, err } = await run(env, 'tools', url)
    expect(code).toBe(1)
    expect(err).toContain(says)
  })
})

describe('explain', () => {
  test('names each setting that holds, and its origin', async () => {
    const { code, out } = await run({}, 'explain', 'notes', '-f', manifests(urls.modern))
    expect(code).toBe(0)
    const rows = out
      .trimEnd()
      .split('\n')
      .map(line => line.split(/ {2,}/))
    expect(rows).toContainEqual(['toolPolicy.deniedTools', 'write_*', 'MCPServer/notes'])
    expect(rows).toContainEqual(['tools.approved', 'delete_note', 'GuardrailPolicy/g'])
    expect(rows).toContainEqual(['servers.allowedNetworks', '127.0.0.0/8', 'MCPGateway/default'])
    expect(rows).toContainEqual(['timeouts.request', '300s', 'built-in'])
  })

  test('of a server that is not there is a usage error', async () =>
    expect(await run({}, 'explain', 'x', '-f', manifests(urls.modern))).toMatchObject({
      code: 1,
      err: expect.stringContaining('no MCPServer is called x') as string,
    }))
})

describe('render', () => {
  test('prints the configuration, the objects and the statuses, each part alone if asked', async () => {
    const file = join(folder, 'image.yaml')
    writeFileSync(file, 'apiVersion: mcp.gateway.io/v1\nkind: MCPServer\nmetadata: {name: notes}\nspec: {image: x}\n')
    const parts = ['gateways', 'objects', 'statuses'].map(part => run({}, 'render', file, '--cluster', '--only', part))
    const [gateways, objects, statuses] = (await Promise.all(parts)).map(({ out }) => out)
    expect(gateways).toContain('name: default/notes')
    expect(objects).toContain('kind: Deployment')
    expect(await run({}, 'render', file, '--cluster', '--image', 'gateway:v9')).toMatchObject({
      out: expect.stringContaining('image: gateway:v9') as string,
    })
    expect(statuses).toContain('reason: Accepted')
    const { code, out } = await run({}, 'render', file, '--cluster')
    expect(code).toBe(0)
    expect(out).toBe([gateways, objects, statuses].join('---\n'))
  })

  test.each([
    [[], 2, 'name the files or folders'],
    [['x.yaml', '--only', 'secrets'], 2, 'write gateways, objects, statuses'],
  ])('%j is a usage error', async (args, code, says) => {
    const said = await run({}, 'render', ...args)
    expect(said.code).toBe(code)
    expect(said.err).toContain(says)
  })
})
