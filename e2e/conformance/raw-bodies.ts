import { createHash } from 'node:crypto'
import type { Post, Raw } from './raw-calls.ts'
import { exchange } from './raw-http.ts'

type Request = readonly [name: string, method: string, params: object]

const call = (name: string, rest: object = {}): Request => [name, 'tools/call', { name, arguments: {}, ...rest }]

/** Requests whose answers hold nothing random, one for every kind of content and stream. */
const requests: readonly Request[] = [
  ['tools/list', 'tools/list', {}],
  call('test_simple_text'),
  call('test_image_content'),
  call('test_audio_content'),
  call('test_embedded_resource'),
  call('test_multiple_content_types'),
  call('test_error_handling'),
  call('test_tool_with_logging', { _meta: { 'io.modelcontextprotocol/logLevel': 'info' } }),
  call('test_tool_with_progress', { _meta: { progressToken: 'raw-token' } }),
  call('test_custom_header'),
  call('no_such_tool'),
  ['prompts/list', 'prompts/list', {}],
  [
    'prompts/get',
    'prompts/get',
    { name: 'test_prompt_with_arguments', arguments: { arg1: 'Zürich', arg2: '"\\\u0001' } },
  ],
  ['resources/list', 'resources/list', {}],
  ['resources/templates/list', 'resources/templates/list', {}],
  ['read text', 'resources/read', { uri: 'test://static-text' }],
  ['read binary', 'resources/read', { uri: 'test://static-binary' }],
  ['read template', 'resources/read', { uri: 'test://template/42/data' }],
  ['read nothing', 'resources/read', { uri: 'test://nothing-here' }],
]

/** Comments of an event stream are free: every proxy on the way keeps it alive with them. */
const withoutComments = (body: string): string => body.replaceAll(/^:.*\r?\n(?:\r?\n)?/gm, '')

/**
 * Ids of events are cursors that their issuer chooses, and only the issuer reads (MCP 2025-11-25, transports): the gateway gives out its own, bound to the session
 * (docs/decisions/0049). What a client can tell of them is compared: where one stands, and which are the same.
 */
function withCountedIds(body: string): string {
  const seen: string[] = []
  return body.replaceAll(/^id:(.*)$/gm, (_, id: string) => {
    if (!seen.includes(id)) seen.push(id)
    return `id: ${seen.indexOf(id)}`
  })
}

const fingerprint = (status: number, body: string): string => {
  const kept = withCountedIds(withoutComments(body))
  return `${status}, ${Buffer.byteLength(kept)} bytes, ${createHash('sha256').update(kept).digest('hex').slice(0, 12)}`
}

/** Sends each request and gives a fingerprint of the very bytes that came back. */
export async function rawBodies(url: string, post: Post): Promise<{ name: string; status: string }[]> {
  const answers: { name: string; status: string }[] = []
  for (const [at, [name, method, params]] of requests.entries()) {
    const message: Raw = { id: `body-${at}`, method, params }
    const { status, body } = await exchange(url, post(message))
    answers.push({ name, status: fingerprint(status, body) })
  }
  return answers
}
