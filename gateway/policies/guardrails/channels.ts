import type { Channel, Message } from '../../exchange.ts'

/** How a part is built inside, so that base64 is recognised by its place and never by what it says of itself. */
export type PartShape = 'plain' | 'blocks' | 'messages' | 'resources'

/** A member of a message, and the channel that its texts stand in. */
export type Part = {
  readonly channel: Channel
  readonly value: unknown
  readonly path: readonly string[]
  readonly shape: PartShape
}

type Place = { readonly channel: Channel; readonly shape?: PartShape } | 'exempt'

/** Opaque, protected by who made it, and to be sent back byte for byte (specification 2026-07-28, multi round-trip requests). */
const opaque = { requestState: 'exempt' } as const

/**
 * The channel follows from the member alone, never from the request that is answered: so it needs no memory, and a server gains nothing by
 * putting a text where the client did not ask for it. What is not named here has the channel of `others`.
 */
const places: Record<string, { readonly members: Readonly<Record<string, Place>>; readonly others: Channel }> = {
  result: {
    members: {
      ...opaque,
      content: { channel: 'Result', shape: 'blocks' },
      messages: { channel: 'Prompt', shape: 'messages' },
      contents: { channel: 'Resource', shape: 'resources' },
      tools: { channel: 'Definition' },
      prompts: { channel: 'Definition' },
      resources: { channel: 'Definition' },
      resourceTemplates: { channel: 'Definition' },
      instructions: { channel: 'Definition' },
      serverInfo: { channel: 'Definition' },
      capabilities: { channel: 'Definition' },
      completion: { channel: 'Definition' },
      inputRequests: { channel: 'Elicitation' },
    },
    others: 'Result',
  },
  serverRequest: { members: { messages: { channel: 'Elicitation', shape: 'messages' } }, others: 'Elicitation' },
  serverNotification: { members: {}, others: 'Result' },
  clientRequest: { members: { ...opaque, inputResponses: { channel: 'Elicitation' } }, others: 'Arguments' },
  clientNotification: { members: {}, others: 'Arguments' },
  clientResult: { members: {}, others: 'Elicitation' },
}

/** Members with which one side names what the other side already knows. */
const names: Readonly<Record<string, Readonly<Record<string, Place>>>> = {
  'notifications/progress': { progressToken: 'exempt' },
  'notifications/cancelled': { requestId: 'exempt' },
  'notifications/resources/updated': { uri: { channel: 'Resource' } },
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function partsOf(root: 'params' | 'result' | 'error', value: unknown, kind: string, method?: string): Part[] {
  const { members, others } = places[kind]!
  if (value === undefined) return []
  if (!isRecord(value)) return [{ channel: others, value, path: [root], shape: 'plain' }]
  const special = method === undefined ? undefined : names[method]
  const parts: Part[] = []
  for (const [name, inner] of Object.entries(value)) {
    const place = own(special, name) ?? own(members, name) ?? { channel: others }
    if (place === 'exempt') continue
    // The name of an unknown member is text like any other: it is walked together with its value.
    parts.push({ channel: place.channel, value: inner, path: [root, name], shape: place.shape ?? 'plain' })
  }
  return parts
}

const own = (table: Readonly<Record<string, Place>> | undefined, name: string): Place | undefined =>
  table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined

/** The methods with which a client finds out which era a server speaks: no guardrail refuses them (protocol.md section 2). */
const probes = new Set(['initialize', 'server/discover'])

/** What the caller sends: requests, notifications, and its answers to the server's own requests. */
export function partsOfRequest({ shape, method, params, result, error }: Message): Part[] {
  if (shape === 'response')
    return [...partsOf('result', result, 'clientResult'), ...partsOf('error', error, 'clientResult')]
  if (method !== undefined && probes.has(method)) return []
  return partsOf('params', params, shape === 'request' ? 'clientRequest' : 'clientNotification', method)
}

/** What the server sends: answers, notifications, and its own requests to the client. */
export function partsOfAnswer({ shape, method, params, result, error }: Message): Part[] {
  if (shape === 'response')
    return [...partsOf('result', result, 'result'), ...partsOf('error', error, 'serverNotification')]
  return partsOf('params', params, shape === 'request' ? 'serverRequest' : 'serverNotification', method)
}
