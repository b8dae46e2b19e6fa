import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterEach, describe, expect, test } from 'vitest'
import { closeAll, fixture, upstream } from './testdata/client.ts'
import { shim } from './testdata/shim.ts'
import type { Shim } from './testdata/shim.ts'

const shims: Shim[] = []
const clients: { close(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(clients.splice(0).map(client => client.close()))
  await Promise.all(shims.splice(0).map(one => one.close()))
  await closeAll()
})

const packaged = (name: string, ...args: string[]) => [
  process.execPath,
  join(import.meta.dirname, '../../../node_modules/@modelcontextprotocol', name, 'dist/index.js'),
  ...args,
]

async function serve(command: readonly string[]): Promise<URL> {
  const made = await shim(upstream(command))
  shims.push(made)
  return made.url
}

async function connect(url: URL, mode: 'legacy' | 'auto'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  await client.connect(new StreamableHTTPClientTransport(url))
  clients.push(client)
  return client
}

describe('server-everything over stdio', () => {
  test('a client of either version lists and calls tools, with progress and a server stream', async () => {
    const url = await serve(packaged('server-everything', 'stdio'))
    const old = new OldClient({ name: 'old', version: '1' })
    await old.connect(new OldTransport(url))
    clients.push(old)
    expect((await old.listTools()).tools.map(({ name }) => name)).toContain('echo')
    const client = await connect(url, 'legacy')
    const echo = await client.callTool({ name: 'echo', arguments: { message: 'hi' } })
    expect(echo.content).toMatchObject([{ type: 'text', text: 'Echo: hi' }])
    const progress: number[] = []
    await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 4 } },
      { onprogress: ({ progress: done }) => void progress.push(done) },
    )
    expect(progress).toEqual([1, 2, 3, 4])
  })

  test('a client that tries the modern era first falls back and works', async () => {
    const client = await connect(await serve(packaged('server-everything', 'stdio')), 'auto')
    expect(client.getProtocolEra()).toBe('legacy')
    expect((await client.listTools()).tools.length).toBeGreaterThan(5)
  })

  test('what the server asks of the client travels on the stream of the call', async () => {
    const url = await serve(packaged('server-everything', 'stdio'))
    const client = new Client(
      { name: 'sampler', version: '1' },
      { capabilities: { sampling: {} }, versionNegotiation: { mode: 'legacy' } },
    )
    client.setRequestHandler('sampling/createMessage', () => ({
      model: 'none',
      role: 'assistant',
      content: { type: 'text', text: 'from the client' },
    }))
    await client.connect(new StreamableHTTPClientTransport(url))
    clients.push(client)
    await expect
      .poll(async () => (await client.listTools()).tools.map(({ name }) => name))
      .toContain('trigger-sampling-request')
    const result = await client.callTool({
      name: 'trigger-sampling-request',
      arguments: { prompt: 'say', maxTokens: 5 },
    })
    expect(JSON.stringify(result.content)).toContain('from the client')
  })
})

describe('server-filesystem over stdio', () => {
  test('a client reads a file in the folder that it was given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bartizan-files-'))
    writeFileSync(join(folder, 'note.txt'), 'a note')
    const client = await connect(await serve(packaged('server-filesystem', folder)), 'auto')
    const result = await client.callTool({ name: 'read_text_file', arguments: { path: join(folder, 'note.txt') } })
    expect(result.content).toMatchObject([{ type: 'text', text: 'a note' }])
    await rm(folder, { recursive: true })
  })
})

describe('a server of both eras on the SDK', () => {
  test('a modern client is served in the modern era, with progress', async () => {
    const client = await connect(await serve(fixture('modern.ts')), 'auto')
    expect(client.getProtocolEra()).toBe('modern')
    const echo = await client.callTool({ name: 'echo', arguments: { text: 'modern' } })
    expect(echo.content).toMatchObject([{ type: 'text', text: 'modern' }])
    const progress: number[] = []
    await client.callTool({ name: 'steps', arguments: {} }, { onprogress: p => void progress.push(p.progress) })
    expect(progress).toEqual([1, 2])
  })

  test('two modern clients with the same ids share the process and are not confused', async () => {
    const url = await serve(fixture('modern.ts'))
    const [one, two] = await Promise.all([connect(url, 'auto'), connect(url, 'auto')])
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        (at % 2 === 0 ? one : two).callTool({ name: 'echo', arguments: { text: `text ${at}` } }),
      ),
    )
    answers.forEach((answer, at) => expect(answer.content).toMatchObject([{ text: `text ${at}` }]))
  })

  test('a legacy client gets a session of the same server', async () => {
    const client = await connect(await serve(fixture('modern.ts')), 'legacy')
    expect(client.getProtocolEra()).toBe('legacy')
    const echo = await client.callTool({ name: 'echo', arguments: { text: 'legacy' } })
    expect(echo.content).toMatchObject([{ type: 'text', text: 'legacy' }])
  })
})
