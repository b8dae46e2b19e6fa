import { afterAll, beforeAll, expect, test } from 'vitest'
import { mint } from '../../hack/minted.ts'
import { everywhere, word } from './everywhere.ts'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { exchange } from '../../hack/testing/raw-http.ts'
import { callTool, modern, send, type Sending } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

// Sends secrets along every way into the gateway, so that the search after the suite (hack/leaks.ts) has something to find in its log, audit
// log, metrics, errors, title and environment if one of these ways leads there.

const caller = testKey('caller')
const narrow = testKey('narrow', { allowedTools: [] })
const guardrails = {
  rules: [everywhere({ secrets: {} }, 'Redact'), everywhere(word('xylophone'), 'Block')],
}

let upstream: ScriptedUpstream
let wire: Wire

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const servers = [testServer('one', upstream.url, { guardrails }), testServer('gone', 'http://127.0.0.1:1/mcp')]
  wire = await startWire({ name: 'secrets', config: testConfig(servers), keys: keysFile(caller, narrow) })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

const github = (): string => mint('github', r => `ghp_${r(36)}`)
const quoted = (text: string): string => JSON.stringify(text)
const path = '/mcp/one'
const answer =
  (status: number, body: (secret: string) => string, type = 'application/json') =>
  (secret: string) => {
    upstream.respond = (_, res) =>
      void res
        .writeHead(status, { 'content-type': type, 'x-secret': secret, 'set-cookie': `s=${secret}` })
        .end(body(secret))
    return { path, key: caller.secret, ...callTool('t', 1) }
  }
const fine = answer(200, () => '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}')
const result = (secret: string): string =>
  `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":${quoted(secret)}}]}}`
const withHeader =
  (name: string, value: (secret: string) => string) =>
  (secret: string): Sending => {
    const sending = fine(secret)
    return { ...sending, headers: { ...sending.headers, [name]: value(secret) } }
  }

/** One way in: what is sent, and whether the secret may come back to the very caller who sent it or asked for it. */
const ways: Record<string, (secret: string) => Sending> = {
  'a wrong key in X-API-Key': secret => ({ ...fine(secret), key: secret }),
  'a wrong key as Bearer': secret => ({
    path,
    ...callTool('t', 1),
    headers: { ...callTool('t', 1).headers, authorization: `Bearer ${secret}` },
  }),
  'two keys that differ': withHeader('authorization', secret => `Bearer ${secret}`),
  'Basic authentication': withHeader(
    'authorization',
    secret => `Basic ${Buffer.from(`u:${secret}`).toString('base64')}`,
  ),
  'the query': secret => ({ ...fine(secret), path: `${path}?api_key=${secret}&token=${secret}` }),
  'a cookie': withHeader('cookie', secret => `session=${secret}`),
  'a header of the caller’s own': withHeader('x-custom', secret => secret),
  'a session id': secret => ({
    path,
    key: caller.secret,
    headers: { 'mcp-session-id': secret },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  }),
  'Last-Event-ID': withHeader('last-event-id', secret => secret),
  'an argument': secret => ({ ...fine(secret), ...callTool('t', 1, `{"a":${quoted(secret)}}`) }),
  'the name of an argument': secret => ({ ...fine(secret), ...callTool('t', 1, `{${quoted(secret)}:1}`) }),
  'an argument that is blocked': secret => ({
    ...fine(secret),
    ...callTool('t', 1, `{"a":${quoted(`xylophone ${secret}`)}}`),
  }),
  'an argument of a refused tool': secret => ({
    path,
    key: narrow.secret,
    ...callTool('t', 1, `{"a":${quoted(secret)}}`),
  }),
  requestState: secret => ({
    ...fine(secret),
    ...modern('tools/call', 1, `"name":"t","requestState":${quoted(secret)}`, 't'),
  }),
  'a body that is no JSON': secret => ({ ...fine(secret), body: `{"token": ${secret}` }),
  'a duplicate key': secret => ({
    ...fine(secret),
    body: `{"jsonrpc":"2.0","id":1,"method":"ping",${quoted(secret)}:1,${quoted(secret)}:2}`,
  }),
  'an answer': answer(200, result),
  'an answer that is blocked': answer(200, secret => result(`xylophone ${secret}`)),
  'an answer that is no JSON': answer(200, secret => `<b>${secret}</b>`, 'text/html'),
  'a 404 that is no JSON': answer(404, secret => `<b>${secret}</b>`, 'text/html'),
  'an error of the server': answer(
    500,
    secret => `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":${quoted(secret)}}}`,
  ),
  'a 401 of the server': answer(401, secret => `{"error":${quoted(secret)}}`),
  'a redirect of the server': answer(302, secret => secret),
  'an event': answer(200, secret => `data: ${result(secret)}\n\n`, 'text/event-stream'),
  'an event that cannot be read': answer(200, secret => `data: ${secret}\n\n`, 'text/event-stream'),
  'a server that is not there': secret => ({
    ...fine(secret),
    path: '/mcp/gone',
    ...callTool('t', 1, `{"a":${quoted(secret)}}`),
  }),
}

test.each(Object.keys(ways))(
  'eight secrets by way of %s reach no header and no other body than they should',
  async name => {
    const secrets = Array.from({ length: 8 }, github)
    for (const secret of secrets) {
      const { status, rawHeaders, body } = await send(wire.url, ways[name]!(secret))
      expect(status).toBeGreaterThanOrEqual(200)
      expect(rawHeaders.join('\n')).not.toContain(secret)
      expect(body).not.toContain(secret)
    }
  },
)

test('a request that is no HTTP is not echoed', async () => {
  const secret = github()
  expect(
    await exchange(wire.port, `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key ${secret}\r\n\r\n`),
  ).not.toContain(secret)
})

test('the keys themselves stand in no file of the configuration and in no line of the gateway', async () => {
  const metrics = await (await fetch(`${wire.metricsUrl}/metrics`)).text()
  const lines = JSON.stringify(wire.audit())
  for (const { secret } of [caller, narrow]) {
    expect(metrics).not.toContain(secret)
    expect(lines).not.toContain(secret)
  }
})
