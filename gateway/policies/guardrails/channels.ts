import type { Channel, Era, Message } from '../../exchange.ts'
import { isIdentifier } from './vocabulary.ts'

/** How a part is built inside, so that base64 is recognised by its place and never by what it says of itself. */
export type PartShape = 'plain' | 'blocks' | 'messages' | 'resources'

/** A member of a message, and the channel that its texts stand in. */
export type Part = {
  readonly channel: Channel
  readonly value: unknown
  readonly path: readonly string[]
  readonly shape: PartShape
}

type Place = { readonly channel: Channel; readonly shape?: PartShape }

/**
 * The channel follows from the member alone, never from the request that is answered: so it needs no memory, and a server gains nothing by
 * putting a text where the client did not ask for it. What is not named here has the channel of `others`.
 */
const places: Record<string, { readonly members: Readonly<Record<string, Place>>; readonly others: Channel }> = {
  result: {
    members: {
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
  clientRequest: { members: { inputResponses: { channel: 'Elicitation' } }, others: 'Arguments' },
  clientNotification: { members: {}, others: 'Arguments' },
  clientResult: { members: {}, others: 'Elicitation' },
}

/** Members of one notification alone. */
const special: Readonly<Record<string, Readonly<Record<string, Place>>>> = {
  'notifications/resources/updated': { uri: { channel: 'Resource' } },
}

/** Members with which one side names what the other side already knows. */
const names: Readonly<Record<string, string>> = {
  'notifications/progress': 'progressToken',
  'notifications/cancelled': 'requestId',
}

/** A server's progress comes under the caller's own token, or not at all (gateway/call/answer/answer-correlation.ts). What it cancels is a request of its own making. */
const namesOfServer: Readonly<Record<string, string>> = { 'notifications/progress': 'progressToken' }

/** The requests that can be asked to come again with a state. */
const resumable = new Set(['tools/call', 'prompts/get', 'resources/read'])

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether the member is none that is judged. */
type Exempt = (name: string, value: unknown) => boolean

/**
 * A state is opaque, protected by who made it, and to be sent back byte for byte (specification 2026-07-28, multi round-trip requests). There
 * are none elsewhere, so elsewhere it is text.
 */
function exemptOf({ shape, method, result }: Message, era: Era, named = names): Exempt {
  const carriesState =
    era === 'modern' &&
    (shape === 'response'
      ? isRecord(result) && result['resultType'] === 'input_required'
      : shape === 'request' && method !== undefined && resumable.has(method))
  const known =
    shape === 'notification' && method !== undefined && Object.hasOwn(named, method) ? named[method] : undefined
  return (name, value) =>
    (carriesState && name === 'requestState' && typeof value === 'string') || (name === known && isIdentifier(value))
}

const nothing: Exempt = () => false

function partsOf(
  root: 'params' | 'result' | 'error',
  value: unknown,
  kind: string,
  isExempt: Exempt,
  method?: string,
): Part[] {
  const { members, others } = places[kind]!
  if (value === undefined) return []
  if (!isRecord(value)) return [{ channel: others, value, path: [root], shape: 'plain' }]
  const ofMethod = method === undefined || !Object.hasOwn(special, method) ? undefined : special[method]
  const parts: Part[] = []
  for (const [name, inner] of Object.entries(value)) {
    if (isExempt(name, inner)) continue
    const place = own(ofMethod, name) ?? own(members, name) ?? { channel: others }
    // The name of an unknown member is text like any other: it is walked together with its value.
    parts.push({ channel: place.channel, value: inner, path: [root, name], shape: place.shape ?? 'plain' })
  }
  return parts
}

const own = (table: Readonly<Record<string, Place>> | undefined, name: string): Place | undefined =>
  table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined

/** The methods with which a client finds out which era a server speaks: no guardrail refuses or changes them (protocol.md section 2). */
const probes = new Set(['initialize', 'server/discover'])

export const isProbe = ({ shape, method }: Message): boolean =>
  shape === 'request' && method !== undefined && probes.has(method)

/** What the caller sends: requests, notifications, and its answers to the server's own requests. */
export function partsOfRequest(message: Message, era: Era): Part[] {
  const { shape, method, params, result, error } = message
  if (shape === 'response')
    return [...partsOf('result', result, 'clientResult', nothing), ...partsOf('error', error, 'clientResult', nothing)]
  const kind = shape === 'request' ? 'clientRequest' : 'clientNotification'
  return partsOf('params', params, kind, exemptOf(message, era), method)
}

/** What the server sends: answers, notifications, and its own requests to the client. */
export function partsOfAnswer(message: Message, era: Era): Part[] {
  const { shape, method, params, result, error } = message
  const isExempt = exemptOf(message, era, namesOfServer)
  if (shape === 'response')
    return [...partsOf('result', result, 'result', isExempt), ...partsOf('error', error, 'serverNotification', nothing)]
  if (shape === 'notification') return partsOf('params', params, 'serverNotification', isExempt, method)
  return [...idOf(message), ...partsOf('params', params, 'serverRequest', nothing, method)]
}

/** The server chose the id of its request, so it is a text of the server's. */
const idOf = ({ id }: Message): Part[] =>
  id?.startsWith('"') === true ? [{ channel: 'Elicitation', value: id.slice(1, -1), path: ['id'], shape: 'plain' }] : []
