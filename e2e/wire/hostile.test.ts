import { afterAll, beforeAll, expect, test } from 'vitest'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { dial, exchange, received, statuses } from '../../hack/testing/raw-http.ts'
import { callTool, send } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
let upstream: ScriptedUpstream
let wire: Wire

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const config = testConfig([testServer('one', upstream.url)], {
    hosts: ['gateway.example'],
    origins: ['https://app.example'],
  })
  wire = await startWire({ name: 'hostile', config, keys: keysFile(caller) })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
type Head = Record<string, string | undefined>

/** A request as bytes; a header that is `undefined` is left out. */
function bytes(
  body: string | Buffer,
  head: Head = {},
  first = 'POST /mcp HTTP/1.1',
  more: readonly string[] = [],
): Buffer {
  const all: Head = {
    Host: '127.0.0.1',
    Accept: 'application/json, text/event-stream',
    'Content-Type': 'application/json',
    'X-API-Key': caller.secret,
    'Content-Length': String(Buffer.byteLength(body)),
    ...head,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return Buffer.concat([Buffer.from([first, ...lines, ...more, '', ''].join('\r\n')), Buffer.from(body)])
}

const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
const withArguments = (value: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"v":${value}}}}`
const modernHead = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': 't' }
const modernBody = String(callTool('t', 1).body)

/** One row: what is sent, and the status that it gets. None of it may reach the server. */
const table: [name: string, status: number, request: Buffer][] = [
  ['a body that is no JSON', 400, bytes('hello')],
  ['an empty body', 400, bytes('')],
  ['form data', 415, bytes('a=b', { 'Content-Type': 'application/x-www-form-urlencoded' })],
  ['text/plain, which a page may send without a preflight', 415, bytes(ping, { 'Content-Type': 'text/plain' })],
  ['no content type', 415, bytes(ping, { 'Content-Type': undefined })],
  ['a content type that only begins like JSON', 415, bytes(ping, { 'Content-Type': 'application/jsonp' })],
  ['a compressed body', 415, bytes(ping, { 'Content-Encoding': 'gzip' })],
  ['a byte order mark', 400, bytes(`\ufeff${ping}`)],
  [
    'invalid UTF-8',
    400,
    bytes(Buffer.from([...Buffer.from('{"jsonrpc":"2.0","id":1,"method":"pi'), 0xff, ...Buffer.from('ng"}')])),
  ],
  ['UTF-16', 400, bytes(Buffer.from(ping, 'utf16le'))],
  ['a lone surrogate', 400, bytes(withArguments('"\\ud800"'))],
  ['a duplicate key', 400, bytes('{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}')],
  ['a duplicate key in arguments', 400, bytes(withArguments('{"a":1,"a":2}'))],
  [
    'a duplicate key, one of them escaped',
    400,
    bytes('{"jsonrpc":"2.0","id":1,"method":"ping","\\u006dethod":"tools/call"}'),
  ],
  ['a member in another case', 400, bytes('{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}')],
  [
    'a member with a Kelvin sign',
    400,
    bytes(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{},"to\u212aen":1,"argument\u017f":{}}}',
    ),
  ],
  ['id null', 400, bytes('{"jsonrpc":"2.0","id":null,"method":"ping"}')],
  ['a fractional id', 400, bytes('{"jsonrpc":"2.0","id":1.5,"method":"ping"}')],
  ['an id with an exponent', 400, bytes('{"jsonrpc":"2.0","id":1e3,"method":"ping"}')],
  ['an id that is an object', 400, bytes('{"jsonrpc":"2.0","id":{},"method":"ping"}')],
  ['a method that is no string', 400, bytes('{"jsonrpc":"2.0","id":1,"method":["ping"]}')],
  ['params that are an array', 400, bytes('{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}')],
  ['a number that overflows', 400, bytes(withArguments('1e400'))],
  ['result and error together', 400, bytes('{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}')],
  ['a method in a response', 400, bytes('{"jsonrpc":"2.0","id":1,"result":{},"method":"ping"}')],
  ['JSON-RPC 1.0', 400, bytes('{"id":1,"method":"ping","params":{}}')],
  ['a batch without a session', 400, bytes(`[${ping},${ping}]`)],
  ['a batch of the modern era', 400, bytes(`[${modernBody}]`, modernHead)],
  ['65 levels', 413, bytes(withArguments(deep(65)))],
  ['a million levels', 413, bytes(withArguments(deep(1_000_000)))],
  ['50,001 values', 413, bytes(withArguments(`[${'0,'.repeat(50_000)}0]`))],
  ['a body that says it is 5 MiB', 413, bytes(ping, { 'Content-Length': String(5 * 1024 * 1024) })],
  ['a header that differs from the body', 400, bytes(modernBody, { ...modernHead, 'Mcp-Name': 'other' })],
  [
    'a method in the header that differs from the body',
    400,
    bytes(modernBody, { ...modernHead, 'Mcp-Method': 'tools/list' }),
  ],
  ['a modern body without its headers', 400, bytes(modernBody)],
  ['a modern header without the claim in the body', 400, bytes(ping, { 'MCP-Protocol-Version': '2026-07-28' })],
  ['Mcp-Name twice', 400, bytes(modernBody, modernHead, undefined, ['Mcp-Name: other'])],
  ['X-API-Key twice', 400, bytes(ping, {}, undefined, ['X-API-Key: x'])],
  ['two values of Mcp-Session-Id', 400, bytes(ping, { 'Mcp-Session-Id': 'a' }, undefined, ['Mcp-Session-Id: b'])],
  ['Host of another site (DNS rebinding)', 403, bytes(ping, { Host: 'evil.example' })],
  ['no Host', 400, bytes(ping, { Host: undefined })],
  ['Host twice', 400, bytes(ping, {}, undefined, ['Host: evil.example'])],
  ['an Origin of another site', 403, bytes(ping, { Origin: 'https://evil.example' })],
  ['the Origin null', 403, bytes(ping, { Origin: 'null' })],
  ['a subdomain of an allowed Origin', 403, bytes(ping, { Origin: 'https://x.app.example' })],
  [
    'Content-Length and Transfer-Encoding together',
    400,
    bytes(`0\r\n\r\n`, { 'Content-Length': '4', 'Transfer-Encoding': 'chunked' }),
  ],
  ['two lengths', 400, bytes(ping, {}, undefined, ['Content-Length: 3'])],
  ['an obsolete fold', 400, bytes(ping, {}, undefined, ['X-Fold: a', ' b: c'])],
  ['a bare line feed between headers', 400, Buffer.from(bytes(ping).toString().replace('\r\nAccept', '\nAccept'))],
  [
    'Connection that names a header of MCP',
    400,
    bytes(modernBody, { ...modernHead, Connection: 'keep-alive, Mcp-Name' }),
  ],
  ['a header name with a space', 400, bytes(ping, {}, undefined, ['X-API-Key : x'])],
  ['a NUL in a header', 400, bytes(ping, {}, undefined, ['X-Null: a\0b'])],
  [
    '10,000 headers',
    431,
    bytes(
      ping,
      {},
      undefined,
      Array.from({ length: 10_000 }, (_, at) => `x-${at}: 1`),
    ),
  ],
  ['20 KiB in one header', 431, bytes(ping, {}, undefined, [`X-Big: ${'a'.repeat(20_000)}`])],
  ['PUT', 405, bytes(ping, {}, 'PUT /mcp HTTP/1.1')],
  ['HEAD', 405, bytes('', {}, 'HEAD /mcp HTTP/1.1')],
  ['CONNECT', 405, bytes('', { Connection: 'close' }, 'CONNECT 127.0.0.1:80 HTTP/1.1')],
  ['a path that climbs', 404, bytes(ping, {}, 'POST /mcp/../-/status HTTP/1.1')],
  ['an encoded server name', 404, bytes(ping, {}, 'POST /mcp/%6fne HTTP/1.1')],
  ['a slash behind the name', 404, bytes(ping, {}, 'POST /mcp/one/ HTTP/1.1')],
  ['an unknown method', 200, bytes('{"jsonrpc":"2.0","id":1,"method":"toString"}')],
  ['__proto__ as the method', 200, bytes('{"jsonrpc":"2.0","id":1,"method":"__proto__"}')],
  ['an unknown notification', 400, bytes('{"jsonrpc":"2.0","method":"notifications/evil"}')],
  ['a method of the server', 200, bytes('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}')],
]

test.each(table)('%s gets %i and does not reach the server', async (_, status, request) => {
  const before = upstream.seen.length
  const answer = await exchange(wire.port, request)
  expect(statuses(answer)[0]).toBe(status)
  expect(upstream.seen.length).toBe(before)
  expect(answer).not.toContain(caller.secret)
})

test('names and origins that somebody wrote down are accepted', async () => {
  const request = bytes(ping, { Host: 'gateway.example:8080', Origin: 'https://app.example' })
  const answer = await exchange(wire.port, request)
  expect(statuses(answer)).toEqual([200])
  expect(answer).toMatch(/access-control-allow-origin: https:\/\/app\.example/i)
})

test('a preflight of an allowed page is answered without a credential, one of another page is not', async () => {
  const head = {
    'X-API-Key': undefined,
    'Content-Type': undefined,
    'Access-Control-Request-Headers': 'x-api-key,mcp-param-city,x-evil',
  }
  const asks = (origin: string): Buffer => bytes('', { ...head, Origin: origin }, 'OPTIONS /mcp HTTP/1.1')
  const answer = await exchange(wire.port, asks('https://app.example'))
  expect(statuses(answer)).toEqual([204])
  expect(answer).toMatch(/mcp-param-city/)
  expect(answer).not.toMatch(/x-evil/)
  expect(statuses(await exchange(wire.port, asks('https://evil.example')))).toEqual([403])
})

test('hop-by-hop headers, and those that Connection names, end at the gateway', async () => {
  upstream.respond = emptyResult
  const more = [
    'Connection: keep-alive, X-Custom',
    'Keep-Alive: timeout=1',
    'TE: trailers',
    'Upgrade: h2c',
    'Proxy-Authorization: x',
    'X-Forwarded-For: 1.1.1.1',
  ]
  const answer = await exchange(wire.port, bytes(ping, {}, undefined, more))
  expect(statuses(answer)).toEqual([200])
  const names = upstream.seen
    .at(-1)!
    .rawHeaders.filter((_, at) => at % 2 === 0)
    .map(name => name.toLowerCase())
  for (const name of ['keep-alive', 'te', 'upgrade', 'proxy-authorization', 'x-forwarded-for', 'x-api-key'])
    expect(names).not.toContain(name)
})

test('an upgrade gets no 101', async () => {
  const answer = await exchange(
    wire.port,
    bytes(
      '',
      { Connection: 'Upgrade', Upgrade: 'websocket', 'Content-Length': undefined, 'Content-Type': undefined },
      'GET /mcp HTTP/1.1',
    ),
  )
  expect(statuses(answer)[0]).not.toBe(101)
})

test('of pipelined requests the first is answered as the last, and no other reaches the server', async () => {
  upstream.respond = emptyResult
  const before = upstream.seen.length
  const answer = await exchange(wire.port, Buffer.concat([bytes(ping), bytes('no json'), bytes(ping)]), 3)
  expect(statuses(answer)).toEqual([200])
  expect(answer).toMatch(/connection: close/i)
  expect(upstream.seen.length - before).toBe(1)
})

test('a chunked body is read whole before the first byte goes upstream', async () => {
  upstream.respond = emptyResult
  const before = upstream.seen.length
  const socket = await dial(wire.port)
  const answer = received(socket, text => text.includes('"ok"'))
  const head = bytes('', { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' })
  socket.write(Buffer.concat([head, Buffer.from(`10\r\n${ping.slice(0, 16)}\r\n`)]))
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(upstream.seen.length).toBe(before)
  socket.write(`${(ping.length - 16).toString(16)}\r\n${ping.slice(16)}\r\n0\r\nX-Trailer: evil\r\n\r\n`)
  expect(statuses(await answer)).toEqual([200])
  expect(upstream.seen.at(-1)!.headers['x-trailer']).toBeUndefined()
  socket.destroy()
})

test('64 bodies of 4 MiB of {} at once leave the process alive', async () => {
  const objects = `[${'{},'.repeat(Math.floor((4 * 1024 * 1024 - 100) / 3))}{}]`
  const body = withArguments(objects).slice(0, 4 * 1024 * 1024)
  const before = upstream.seen.length
  const replies = await Promise.all(
    Array.from({ length: 64 }, () =>
      send(wire.url, { key: caller.secret, body }).then(
        ({ status }) => status,
        () => 0,
      ),
    ),
  )
  expect(replies.filter(status => ![0, 413, 503].includes(status))).toEqual([])
  expect(upstream.seen.length).toBe(before)
  upstream.respond = emptyResult
  expect((await send(wire.url, { key: caller.secret, ...callTool('t', 1) })).status).toBe(200)
})

test.each([
  ['application/json', (id: string, objects: string) => `{"jsonrpc":"2.0","id":${id},"result":{"l":${objects}}}`],
  [
    'text/event-stream',
    (id: string, objects: string) => `data: {"jsonrpc":"2.0","id":${id},"result":{"l":${objects}}}\n\n`,
  ],
])('64 answers of 4 MiB of {} at once as %s leave the process alive', async (type, answer) => {
  const objects = `[${'{},'.repeat(Math.floor((4 * 1024 * 1024 - 100) / 3))}{}]`
  upstream.respond = (_, res) => void res.writeHead(200, { 'content-type': type }).end(answer('1', objects))
  const replies = await Promise.all(
    Array.from({ length: 64 }, () =>
      send(wire.url, { key: caller.secret, ...callTool('t', 1) }).then(
        ({ status, body }) => [status, body.includes('"error"')],
        () => [0, true],
      ),
    ),
  )
  expect(replies.filter(([, refused]) => refused !== true)).toEqual([])
  upstream.respond = emptyResult
  expect((await send(wire.url, { key: caller.secret, ...callTool('t', 1) })).status).toBe(200)
  expect(wire.child.exitCode).toBeNull()
})

test('after all of this the gateway holds no bytes and has no open call', async () => {
  const metrics = async (): Promise<string> => (await fetch(`${wire.metricsUrl}/metrics`)).text()
  await expect.poll(metrics).toMatch(/bartizan_held_bytes 0\n/)
  await expect.poll(metrics).toMatch(/bartizan_open_calls 0\n/)
})
