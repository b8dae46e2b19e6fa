import { afterAll, beforeAll, expect, test } from 'vitest'
import { mint } from '../../hack/minted.ts'
import { everywhere, word } from './everywhere.ts'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { callTool, initializing, modern, open, send, until } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
const guardrails = {
  rules: [everywhere(word('xylophone'), 'Block'), everywhere({ secrets: {} }, 'Redact')],
}

let upstream: ScriptedUpstream
let wire: Wire

beforeAll(async () => {
  upstream = await scriptedUpstream()
  wire = await startWire({
    name: 'fidelity',
    config: testConfig([testServer('one', upstream.url, { guardrails })]),
    keys: keysFile(caller),
  })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

const answerWith = (status: number, body: string, headers: Record<string, string> = {}): void => {
  upstream.respond = (_, res) =>
    void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}

const call = (body: string) => send(wire.url, { key: caller.secret, headers: callTool('t', 1).headers!, body })
const template = String(callTool('t', 1, '{"n":1}').body)

test('a request travels in the very bytes in which it came, numbers and white space included', async () => {
  upstream.respond = emptyResult
  const body = template.replace('{"n":1}', '{ "n": 9007199254740993 ,\t"e":1.0e+2, "é":"\\u00e9",\n "d":-0.10 }')
  expect((await call(body)).status).toBe(200)
  expect(upstream.seen.at(-1)!.body.toString()).toBe(body)
})

test('an answer travels in the very bytes in which it came', async () => {
  const body = '{ "jsonrpc":"2.0", "id":1,\n"result":{"big":123456789012345678901234567890.50,"content":[]} }'
  answerWith(200, body)
  expect((await call(template)).body).toBe(body)
})

test('ids beyond 2^53 pass unchanged and are not confused', async () => {
  const waiting = new Map<string, () => void>()
  upstream.respond = ({ body }, res) => {
    const id = /"id":(\d+)/.exec(body.toString())![1]!
    waiting.set(
      id,
      () =>
        void res
          .writeHead(200, { 'content-type': 'application/json' })
          .end(`{"jsonrpc":"2.0","id":${id},"result":{"for":"${id}"}}`),
    )
  }
  const ids = ['9007199254740992', '9007199254740993']
  const replies = ids.map(id => call(template.replace('"id":1', `"id":${id}`)))
  await expect.poll(() => waiting.size).toBe(2)
  waiting.get(ids[1]!)!()
  waiting.get(ids[0]!)!()
  for (const [at, id] of ids.entries())
    expect((await replies[at]!).body).toBe(`{"jsonrpc":"2.0","id":${id},"result":{"for":"${id}"}}`)
})

test.each([400, 404, 405])('a clean %i of the server passes byte for byte', async status => {
  const body = `{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"no ${status}"}}`
  answerWith(status, body)
  expect(await call(template)).toMatchObject({ status, body })
})

test('a 404 whose JSON is no JSON-RPC message passes, too', async () => {
  answerWith(404, '{ "error" : "Not Found" }')
  expect(await call(template)).toMatchObject({ status: 404, body: '{ "error" : "Not Found" }' })
})

test.each([400, 404, 405])('a %i that is no JSON keeps its status and gets our text', async status => {
  answerWith(status, '<h1>xylophone</h1>', { 'content-type': 'text/html' })
  const reply = await call(template)
  expect(reply.status).toBe(status)
  expect(reply.headers['content-type']).toBe('application/json')
  expect(reply.body).not.toContain('xylophone')
  expect(JSON.parse(reply.body)).toMatchObject({ id: 1, error: { data: { reason: 'UpstreamUnreadable' } } })
})

test.each([400, 404, 405])(
  'a secret in a %i is redacted, a forbidden keyword blocks it, an Alt-Svc does not pass',
  async status => {
    const secret = mint('github', r => `ghp_${r(36)}`)
    answerWith(status, `{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"token ${secret}"}}`, {
      'alt-svc': 'h2="evil:443"',
    })
    const redacted = await call(template)
    expect(redacted.status).toBe(status)
    expect(redacted.body).not.toContain(secret)
    expect(redacted.body).toContain('redacted')
    expect(redacted.headers['alt-svc']).toBeUndefined()
    answerWith(status, '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"a Xylophone"}}')
    const blocked = await call(template)
    expect(blocked.body).not.toContain('Xylophone')
    expect(JSON.parse(blocked.body)).toMatchObject({ id: 1, error: { data: { reason: 'GuardrailBlocked' } } })
  },
)

test.each([401, 407])(
  'a %i of the server becomes 502: the credential in question is not the caller’s',
  async status => {
    answerWith(status, '{}', { 'www-authenticate': 'Bearer resource_metadata="https://evil.example"' })
    const reply = await call(template)
    expect(reply.status).toBe(502)
    expect(reply.headers['www-authenticate']).toBeUndefined()
    expect(JSON.parse(reply.body)).toMatchObject({ error: { data: { reason: 'UpstreamAuthentication' } } })
  },
)

test.each([301, 302, 307, 308])('a %i is not followed and not shown', async status => {
  answerWith(status, '', { location: 'http://169.254.169.254/' })
  const before = upstream.seen.length
  const reply = await call(template)
  expect(reply.status).toBe(502)
  expect(reply.headers.location).toBeUndefined()
  expect(upstream.seen.length).toBe(before + 1)
})

test.each([
  ['no JSON', 'hello'],
  ['duplicate keys', '{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}'],
  ['a member in another case', '{"jsonrpc":"2.0","id":1,"Result":{},"result":{}}'],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ['too many values', `{"jsonrpc":"2.0","id":1,"result":{"l":[${'0,'.repeat(60_000)}0]}}`],
  ['nothing of JSON-RPC', '{"hello":"world"}'],
])('an answer with %s is withheld as 502 with the id of the request', async (_, body) => {
  upstream.respond = (_seen, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end(body)
  const reply = await call(template)
  expect(reply.status).toBe(502)
  expect(JSON.parse(reply.body)).toMatchObject({ id: 1, error: { data: { reason: 'UpstreamUnreadable' } } })
})

test('an answer in an encoding that was not asked for is withheld', async () => {
  answerWith(200, '{"jsonrpc":"2.0","id":1,"result":{}}', { 'content-encoding': 'gzip' })
  expect((await call(template)).status).toBe(502)
  expect(upstream.seen.at(-1)!.headers['accept-encoding']).toBe('identity')
})

test('response headers pass by list, each once', async () => {
  upstream.respond = (_, res) =>
    void res
      .writeHead(
        200,
        [
          ['content-type', 'application/json'],
          ['set-cookie', 'a=b'],
          ['server', 'x'],
          ['mcp-custom', 'not of the protocol'],
          ['mcp-protocol-version', '2026-07-28'],
          ['cache-control', 'no-cache'],
          ['link', '<https://evil.example>'],
          ['x-powered-by', 'y'],
        ].flat(),
      )
      .end('{"jsonrpc":"2.0","id":1,"result":{}}')
  const { rawHeaders } = await call(template)
  const names = rawHeaders.filter((_, at) => at % 2 === 0).map(name => name.toLowerCase())
  expect(names.toSorted()).toEqual([
    'cache-control',
    'connection',
    'content-length',
    'content-type',
    'date',
    'mcp-protocol-version',
  ])
})

test('a notification is answered by exactly 202 without a body', async () => {
  upstream.respond = (_, res) => void res.writeHead(202).end()
  const body = '{"jsonrpc":"2.0","method":"notifications/initialized"}'
  expect(await send(wire.url, { key: caller.secret, body })).toMatchObject({ status: 202, body: '' })
})

test('a stream is flushed event by event, in its bytes, beginning with a comment as soon as the head is in', async () => {
  let write: ((text: string) => void) | undefined
  upstream.respond = (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    write = text => void res.write(text)
  }
  const { headers, body } = callTool('t', 1)
  const asking = String(body).replace('"_meta":{', '"_meta":{"progressToken":1,')
  const res = await open(wire.url, { key: caller.secret, headers: headers!, body: asking })
  expect(res.headers['x-accel-buffering']).toBe('no')
  expect(await until(res, '\n\n')).toBe(':\n\n')
  await expect.poll(() => write).toBeDefined()
  const first =
    'retry: 10\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}\n\n'
  write!(first)
  expect(await until(res, '\n\n')).toBe(first)
  const last = 'event: message\r\ndata: {"jsonrpc":"2.0","id":1,\r\ndata: "result":{}}\r\n\r\n'
  write!(last)
  expect(await until(res, '\r\n\r\n')).toBe(last)
  res.cancel()
})

test('a secret in an event is redacted there, and nothing else of the stream changes', async () => {
  const secret = mint('github', r => `ghp_${r(36)}`)
  const head = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"fine"}}\n\n'
  upstream.respond = (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.end(
      `${head}event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${secret} x"}],"n":1.50}}\n\n`,
    )
  }
  const { body } = await send(wire.url, { key: caller.secret, ...callTool('t', 1) })
  expect(body).not.toContain(secret)
  expect(body).toContain(head)
  expect(body).toMatch(
    /event: message\ndata: \{"jsonrpc":"2.0","id":1,"result":\{"content":\[\{"type":"text","text":"\[redacted[^"]*\] x"\}\],"n":1.50\}\}\n\n$/,
  )
})

test('a forbidden keyword in an event ends the stream with an error for the id, and the upstream call', async () => {
  upstream.respond = (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('data: {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"xylophone"}]}}\n\n')
  }
  const { status, body } = await send(wire.url, { key: caller.secret, ...callTool('t', 1) })
  expect(status).toBe(200)
  expect(body).not.toContain('"text":"xylophone"')
  expect(body).toMatch(/event: message\ndata: \{"jsonrpc":"2.0","id":1,"error":.*GuardrailBlocked/)
  await upstream.seen.at(-1)!.closed
})

test.each(['Data: ', ' data: ', 'data : ', ': x\x0bdata: ', 'id: 1\u2028data: '])(
  'an event that says %j, which a careless reader takes for data, ends the stream',
  async name => {
    upstream.respond = (_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.end(`${name}{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"smuggled"}]}}\n\n`)
    }
    const { body } = await send(wire.url, { key: caller.secret, ...callTool('t', 1) })
    expect(body).not.toContain('smuggled')
    expect(body).toMatch(/"id":1,"error":.*UpstreamUnreadable/)
  },
)

test('a stream that the server cuts ends with an error for the id, since no other answer can come', async () => {
  upstream.respond = (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}\n\n')
    setTimeout(() => res.destroy(), 50)
  }
  const { body } = await send(wire.url, { key: caller.secret, ...callTool('t', 1) })
  expect(body).toMatch(/event: message\ndata: \{"jsonrpc":"2.0","id":1,"error":.*UpstreamUnreachable.*\}\n\n$/)
})

test('server/discover and initialize pass whatever the guardrails forbid', async () => {
  upstream.respond = emptyResult
  const discover = modern('server/discover', 1, '"x":"xylophone"')
  expect((await send(wire.url, { key: caller.secret, ...discover })).status).toBe(200)
  const legacy = initializing('2025-11-25', 'xylophone')
  expect((await send(wire.url, { key: caller.secret, ...legacy })).status).toBe(200)
})

test('an Mcp-Param header may only repeat an argument, and one that repeats a secret is not sent past the redaction', async () => {
  upstream.respond = emptyResult
  const secret = mint('github', r => `ghp_${r(36)}`)
  const asks = (value: string, args: string) => {
    const { headers, body } = callTool('t', 1, args)
    return send(wire.url, { key: caller.secret, body: body!, headers: { ...headers, 'mcp-param-city': value } })
  }
  expect((await asks('Lisboa', '{"city":"Lisboa"}')).status).toBe(200)
  expect(upstream.seen.at(-1)!.headers['mcp-param-city']).toBe('Lisboa')
  const before = upstream.seen.length
  expect(JSON.parse((await asks('xylophone', '{"city":"Lisboa"}')).body)).toMatchObject({ error: { code: -32020 } })
  expect(JSON.parse((await asks(secret, `{"city":"${secret}"}`)).body)).toMatchObject({
    id: 1,
    error: { data: { reason: 'GuardrailBlocked' } },
  })
  expect(upstream.seen.length).toBe(before)
})

test('a header that differs from the body is refused before the server sees it', async () => {
  upstream.respond = emptyResult
  const before = upstream.seen.length
  const { headers, body } = callTool('t', 1)
  const reply = await send(wire.url, { key: caller.secret, body: body!, headers: { ...headers, 'mcp-name': 'other' } })
  expect(reply.status).toBe(400)
  expect(JSON.parse(reply.body)).toMatchObject({ id: 1, error: { code: -32020 } })
  expect(upstream.seen.length).toBe(before)
})
