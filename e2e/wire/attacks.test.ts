import { afterAll, beforeAll, expect, test } from 'vitest'
import { everywhere, word } from './everywhere.ts'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { dial, received, statuses } from '../../hack/testing/raw-http.ts'
import { callTool, initializing, modern, open, openSession, send, until } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

// Each of these got through, or ended the process, when an attacker tried it.

const caller = testKey('caller')
const greedy = testKey('greedy')
const rules = [everywhere(word('projectx'), 'Block'), everywhere({ secrets: {} }, 'Block')]

let upstream: ScriptedUpstream
let wire: Wire

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const tools = {
    policy: { mode: 'allowlist' as const, allowedTools: ['echo', 't', 'get_*_x_*_y'] },
    dangerousPatterns: ['*delete*'],
    approved: [],
  }
  wire = await startWire({
    name: 'attacks',
    config: testConfig([testServer('one', upstream.url, { tools, guardrails: { rules } })]),
    keys: keysFile(caller, greedy),
  })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

const alive = async (): Promise<void> => {
  upstream.respond = emptyResult
  expect((await send(wire.url, { key: caller.secret, ...callTool('t', 1) })).status).toBe(200)
  const metrics = async (): Promise<string> => (await fetch(`${wire.metricsUrl}/metrics`)).text()
  await expect.poll(metrics).toMatch(/bartizan_held_bytes 0\n/)
}

test.each(['utf-7', 'utf-16', 'ibm037', 'utf-8; boundary=x', 'latin1'])(
  'a body in the charset %s is 415',
  async charset => {
    upstream.respond = emptyResult
    const { headers, body } = callTool('t', 1)
    const before = upstream.seen.length
    const sent = {
      key: caller.secret,
      body: body!,
      headers: { ...headers, 'content-type': `application/json; charset=${charset}` },
    }
    expect((await send(wire.url, sent)).status).toBe(415)
    expect(upstream.seen.length).toBe(before)
  },
)

test('the content type is our own word in both directions', async () => {
  upstream.respond = (_, res) =>
    void res
      .writeHead(200, { 'content-type': 'application/json; charset=utf-7' })
      .end('{"jsonrpc":"2.0","id":1,"result":{}}')
  const { headers, body } = callTool('t', 1)
  const sent = {
    key: caller.secret,
    body: body!,
    headers: { ...headers, 'content-type': 'application/json; charset=UTF-8' },
  }
  expect((await send(wire.url, sent)).headers['content-type']).toBe('application/json')
  expect(upstream.seen.at(-1)!.headers['content-type']).toBe('application/json')
})

test('a tool name of a megabyte is refused at once, in a call and in a list', async () => {
  const name = `get_${'x_y'.repeat(50_000)}a${'\u0315\u0300'.repeat(200_000)}`
  upstream.respond = (_, res) =>
    void res
      .writeHead(200, { 'content-type': 'application/json' })
      .end(`{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"echo"},{"name":${JSON.stringify(name)}}]}}`)
  expect((await send(wire.url, { key: caller.secret, ...modern('tools/list', 1) })).body).toBe(
    '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"echo"}]}}',
  )
  const { headers } = callTool('t', 1)
  const call = { ...headers, 'mcp-name': 'x' }
  expect(
    (await send(wire.url, { key: caller.secret, headers: call, body: String(callTool(name, 1).body) })).status,
  ).toBe(400)
  expect(
    (
      await send(wire.url, {
        key: caller.secret,
        body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${JSON.stringify(name)}}}`,
      })
    ).status,
  ).toBe(403)
})

test('850 parameter headers against 48,000 arguments are refused at once', async () => {
  const { headers, body } = callTool('t', 1, JSON.stringify({ l: Array.from({ length: 48_000 }, (_, at) => at) }))
  const many = Object.fromEntries(Array.from({ length: 850 }, (_, at) => [`mcp-param-${at}`, 'z']))
  expect((await send(wire.url, { key: caller.secret, body: body!, headers: { ...headers, ...many } })).status).toBe(400)
})

test.each(['project\\bx', 'project\\u0008x', '\\u0070rojectx', 'PROJECTX', 'pro\u00adjectx'])(
  'the keyword spelled %s is blocked',
  async spelled => {
    const { headers } = callTool('t', 1)
    const body = String(callTool('t', 1, '{"a":"KEYWORD"}').body).replace('KEYWORD', spelled)
    expect((await send(wire.url, { key: caller.secret, headers: headers!, body })).body).toContain('GuardrailBlocked')
  },
)

test('a token among hits that touch, across the windows of a long text, is found', async () => {
  const token = `ghp_${'A1b2C3d4E5'.repeat(4).slice(0, 36)}`
  const noise = 'q7Rt9Zx2Lm4Vb8Nc'
  const begin = ['-----BEGIN', 'PRIVATE', 'KEY-----'].join(' ')
  const text = `${'lorem ipsum '.repeat(3763)}${begin}${noise.repeat(500)}${token}${noise.repeat(524)} ZXlK${noise.repeat(512)}`
  const { headers } = callTool('t', 1)
  const body = String(callTool('t', 1, JSON.stringify({ a: text })).body)
  expect((await send(wire.url, { key: caller.secret, headers: headers!, body })).body).toContain('GuardrailBlocked')
})

test('a server that invents methods, or asks the client in an era without requests, is not heard', async () => {
  upstream.respond = (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const method of ['evil/anything', 'tools/call', 'sampling/createMessage'])
      res.write(`data: {"jsonrpc":"2.0","id":9,"method":"${method}","params":{}}\n\n`)
    res.end('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n')
  }
  const { body } = await send(wire.url, { key: caller.secret, ...callTool('t', 1) })
  expect(body).not.toMatch(/evil|tools\/call|sampling/)
  expect(body).toContain('"result":{}')
})

test('a server that goes on sending what has to be withheld loses its stream, not the audit log its room', async () => {
  upstream.respond = (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('data: {"jsonrpc":"2.0","method":"evil/flood"}\n\n'.repeat(1000))
  }
  const { body } = await send(wire.url, { key: caller.secret, ...callTool('t', 'flood') })
  expect(body.split(': withheld').length - 1).toBe(16)
  expect(body).toMatch(/"id":"flood","error"/)
  await expect.poll(() => wire.audit().some(({ event_type }) => event_type === 'call_ended')).toBe(true)
  expect(wire.audit().filter(({ detail }) => String(detail).includes('evil/flood')).length).toBe(16)
})

test('Mcp-Name reaches the server only where it was compared with the body', async () => {
  upstream.respond = emptyResult
  const list = modern('tools/list', 1)
  await send(wire.url, { key: caller.secret, ...list, headers: { ...list.headers, 'mcp-name': 'projectx' } })
  expect(upstream.seen.at(-1)!.headers['mcp-name']).toBeUndefined()
  const later = callTool('echo', 1)
  const body = String(later.body).replace('2026-07-28', '2027-01-01')
  const headers = { ...later.headers, 'mcp-protocol-version': '2027-01-01', 'mcp-name': 'delete_all' }
  await send(wire.url, { key: caller.secret, body, headers })
  expect(upstream.seen.at(-1)!.headers['mcp-name']).toBeUndefined()
})

test('a refused answer has the id of the request, whatever id the server gave it', async () => {
  upstream.respond = (_, res) =>
    void res
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"jsonrpc":"2.0","id":42,"result":{"content":[{"type":"text","text":"projectx"}]}}')
  expect((await send(wire.url, { key: caller.secret, ...callTool('t', 7) })).body).toMatch(/"id":7,"error"/)
})

test('a body and an answer in chunks of one byte leave the process alive', async () => {
  const chunks = Buffer.from('1\r\n \r\n'.repeat(400_000))
  const socket = await dial(wire.port)
  const answer = received(socket, text => text.includes('\r\n\r\n'))
  socket.write(
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: ${caller.secret}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
  )
  socket.write(Buffer.concat([chunks, Buffer.from('0\r\n\r\n')]))
  expect(statuses(await answer)[0]).toBe(400)
  socket.destroy()
  upstream.respond = (_, res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }).flushHeaders()
    res.socket!.end(Buffer.concat([chunks, Buffer.from('0\r\n\r\n')]))
  }
  expect((await send(wire.url, { key: caller.secret, ...callTool('t', 1) })).status).toBeGreaterThanOrEqual(500)
  await alive()
})

test('60 sessions opened with a revision of a megabyte leave the process alive and the ids short', async () => {
  upstream.respond = (_, res) =>
    void res
      .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's' })
      .end('{"jsonrpc":"2.0","id":0,"result":{}}')
  const { body } = initializing('9'.repeat(1_000_000))
  for (let at = 0; at < 60; at += 1) {
    const { headers } = await send(wire.url, { key: caller.secret, body })
    expect(String(headers['mcp-session-id']).length).toBeLessThan(500)
  }
  await alive()
})

test('eight streams of nothing but blank lines leave the process alive, and others are served meanwhile', async () => {
  const blank = Buffer.from('\n'.repeat(65_536))
  const ends: (() => void)[] = []
  upstream.respond = (seen, res) => {
    if (!seen.body.includes('"blank"')) return emptyResult(seen, res)
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    let going = true
    ends.push(() => {
      going = false
      res.end()
    })
    const more = (): void => void (going && setImmediate(() => (res.write(blank) ? more() : res.once('drain', more))))
    more()
  }
  const streams = await Promise.all(
    Array.from({ length: 8 }, () => open(wire.url, { key: caller.secret, ...callTool('t', 'blank') })),
  )
  for (const stream of streams) await until(stream, ':\n\n')
  for (let at = 0; at < 5; at += 1)
    expect((await send(wire.url, { key: caller.secret, ...callTool('t', at) })).status).toBe(200)
  for (const end of ends) end()
  for (const stream of streams) stream.cancel()
  await alive()
})

test('answers that nobody reads are counted, so that they are refused before they end the process', async () => {
  const big = `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${'x'.repeat(4_000_000)}"}]}}`
  upstream.respond = (_, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end(big)
  const { headers, body } = callTool('t', 1)
  const lines = Object.entries({
    ...headers,
    Host: '127.0.0.1',
    'X-API-Key': caller.secret,
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'Content-Length': String(Buffer.byteLength(body as string)),
  })
  const head = lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')
  const sockets = await Promise.all(Array.from({ length: 40 }, () => dial(wire.port)))
  for (const socket of sockets) {
    socket.pause()
    socket.write(`POST /mcp HTTP/1.1\r\n${head}\r\n\r\n${body as string}`)
  }
  const metrics = async (): Promise<string> => (await fetch(`${wire.metricsUrl}/metrics`)).text()
  await expect.poll(metrics).toMatch(/bartizan_decisions_total\{server="one",code="Busy"\} [1-9]/)
  expect(await metrics()).toMatch(/bartizan_held_bytes [1-9]/)
  for (const socket of sockets) socket.destroy()
  await alive()
})

test('one caller with unfinished bodies does not keep the others out', async () => {
  const other = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const socket = await dial(wire.port)
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: ${greedy.secret}\r\nContent-Type: application/json\r\nContent-Length: 4194304\r\n\r\n`,
      )
      socket.write(Buffer.alloc(4_194_000, 0x20))
      return socket
    }),
  )
  const metrics = async (): Promise<string> => (await fetch(`${wire.metricsUrl}/metrics`)).text()
  await expect.poll(metrics).toMatch(/code="Busy"/)
  upstream.respond = emptyResult
  const body = callTool('t', 1, JSON.stringify({ a: 'x'.repeat(3_000_000) }))
  expect((await send(wire.url, { key: caller.secret, ...body })).status).toBe(200)
  for (const socket of other) socket.destroy()
  await alive()
})

test('each message of a batch has its line in the audit log', async () => {
  upstream.respond = (seen, res) => {
    if (seen.body.includes('"initialize"')) {
      res.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'old' })
      return void res.end('{"jsonrpc":"2.0","id":0,"result":{}}')
    }
    res.writeHead(200, { 'content-type': 'application/json' })
    res.end('[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]')
  }
  const session = await openSession(wire.url, { key: caller.secret }, '2025-03-26')
  const batch = (tool: string): string =>
    `[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"${tool}"}}]`
  const ask = (tool: string) =>
    send(wire.url, { key: caller.secret, headers: { 'mcp-session-id': session }, body: batch(tool) })
  expect((await ask('echo')).status).toBe(200)
  expect((await ask('delete_all')).status).toBe(403)
  await expect
    .poll(() =>
      wire
        .audit()
        .filter(({ tool }) => tool === 'echo')
        .at(-1),
    )
    .toMatchObject({ verdict: 'allow', method: 'tools/call' })
  await expect
    .poll(() => wire.audit().find(({ tool }) => tool === 'delete_all'))
    .toMatchObject({ verdict: 'deny', method: 'tools/call' })
})

test('on a GET stream a request of the server that is forbidden is withheld alone, and the stream goes on', async () => {
  upstream.respond = (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(
      'data: {"jsonrpc":"2.0","id":5,"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"projectx"}}]}}\n\n',
    )
    res.write('data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n')
  }
  const stream = await open(wire.url, { method: 'GET', key: caller.secret, headers: { accept: 'text/event-stream' } })
  const heard = await until(stream, 'list_changed')
  expect(heard).toContain(': withheld, decision d-')
  expect(heard).not.toContain('projectx')
  stream.cancel()
})

test.each([
  ['status 205', 205, ''],
  ['a 200 without a body', 200, ''],
  ['a 400 with a result and no jsonrpc', 400, '{"id":1,"result":{"tools":[{"name":"delete_all"}]}}'],
])('%s of the server is not passed on', async (_, status, answer) => {
  upstream.respond = (__, res) => void res.writeHead(status, { 'content-type': 'application/json' }).end(answer)
  const { status: seen, body } = await send(wire.url, { key: caller.secret, ...callTool('t', 1) })
  expect(seen).toBeGreaterThanOrEqual(400)
  expect(body).not.toContain('delete_all')
  expect(body).toContain('UpstreamUnreadable')
})
