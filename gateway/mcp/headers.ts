import { isUtf8 } from 'node:buffer'
import type { Denial, Message } from '../exchange.ts'
import { claimedRevision, modernRevision, trimmed } from './era.ts'

/** As node:http gives them: lowercase names, doubled ones joined by `, `. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>

/** A property of a tool's input schema that carries `x-mcp-header`. */
export type ParamHeader = {
  /** The value of the annotation: the header is `Mcp-Param-<header>`. */
  readonly header: string
  /** Where in `arguments` the value stands. */
  readonly path: readonly string[]
  /** An integer is compared as a number: `42.0` equals `42`. */
  readonly integer: boolean
}

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Which member of `params` the header `Mcp-Name` repeats. */
const nameSource = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
])

/**
 * Compares the standard headers of a modern message with its body (protocol.md section 3.2). Answers as an SDK server would: a revision that
 * the server does not know is its own affair (-32022), so presence is asked of 2026-07-28 only.
 * @param params the annotated arguments of tools whose schema is known; headers of other tools are not looked at
 */
export function checkHeaders(
  message: Message,
  headers: RequestHeaders,
  params?: ReadonlyMap<string, readonly ParamHeader[]>,
): Denial | undefined {
  const fault =
    badMethod(message, headers) ?? (message.shape === 'request' ? badRequest(message, headers, params) : undefined)
  if (fault === undefined) return undefined
  const denial = { stage: 'headers', code: 'HeaderMismatch', detail: fault } as const
  return message.id === undefined ? denial : { ...denial, id: message.id }
}

function valueOf(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name]
  if (value === undefined) return undefined
  return trimmed(typeof value === 'string' ? value : value.join(', '))
}

function badMethod(message: Message, headers: RequestHeaders): string | undefined {
  const method = valueOf(headers, 'mcp-method')
  return method === undefined || method === message.method ? undefined : 'Mcp-Method differs from the body'
}

/** Whether `checkHeaders` has compared `Mcp-Name` with the body of this message: no other can be relied on. */
export function comparesName(message: Message): boolean {
  const member = nameSource.get(message.method ?? '')
  if (member === undefined || claimedRevision(message) !== modernRevision) return false
  return isObject(message.params) && typeof message.params[member] === 'string'
}

function badRequest(
  message: Message,
  headers: RequestHeaders,
  params?: ReadonlyMap<string, readonly ParamHeader[]>,
): string | undefined {
  if (claimedRevision(message) !== modernRevision) return undefined
  if (headers['mcp-protocol-version'] === undefined) return 'MCP-Protocol-Version is missing'
  if (headers['mcp-method'] === undefined) return 'Mcp-Method is missing'
  return badName(message, headers) ?? (params === undefined ? undefined : badParams(message, headers, params))
}

function badName(message: Message, headers: RequestHeaders): string | undefined {
  const member = nameSource.get(message.method ?? '')
  if (member === undefined) return undefined
  const wanted = isObject(message.params) ? message.params[member] : undefined
  const value = valueOf(headers, 'mcp-name')
  if (value === undefined) return typeof wanted === 'string' ? 'Mcp-Name is missing' : undefined
  const name = decodeHeader(value)
  if (name === undefined) return 'Mcp-Name is badly encoded'
  return typeof wanted !== 'string' || name === wanted ? undefined : `Mcp-Name differs from params.${member}`
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * A header value as text: `=?base64?…?=` holds UTF-8 in canonical base64 (the markers are case-sensitive), anything else stands for itself.
 * Undefined where the encoding is broken.
 */
export function decodeHeader(value: string): string | undefined {
  if (!value.startsWith('=?base64?') || !value.endsWith('?=') || value.length < 11) return value
  const inside = value.slice(9, -2)
  if (!base64.test(inside)) return undefined
  const bytes = Buffer.from(inside, 'base64')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

/** The same the other way: a text as a header value, in base64 where it could not stand for itself. */
export function encodeHeader(text: string): string {
  const plain = /^[ -~]+$/.test(text) && text.trim() === text && !text.startsWith('=?base64?')
  return plain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`
}

function badParams(
  message: Message,
  headers: RequestHeaders,
  params: ReadonlyMap<string, readonly ParamHeader[]>,
): string | undefined {
  if (message.method !== 'tools/call' || !isObject(message.params)) return undefined
  const { name, arguments: given } = message.params
  for (const param of (typeof name === 'string' ? params.get(name) : undefined) ?? []) {
    const fault = badParam(param, at(given, param.path), valueOf(headers, `mcp-param-${param.header.toLowerCase()}`))
    if (fault !== undefined) return `Mcp-Param-${param.header} ${fault}`
  }
  return undefined
}

function at(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const name of path) {
    if (!isObject(found) || !Object.hasOwn(found, name)) return undefined
    found = found[name]
  }
  return found
}

function badParam(param: ParamHeader, argument: unknown, header: string | undefined): string | undefined {
  const text = asHeader(argument)
  if (text === undefined) return undefined
  if (header === undefined) return 'is missing'
  const value = decodeHeader(header)
  if (value === undefined) return 'is badly encoded'
  if (value === text) return undefined
  const equal =
    param.integer && typeof argument === 'number' && /^-?\d+(?:\.\d+)?$/.test(value) && Number(value) === argument
  return equal ? undefined : 'differs from the argument'
}

/** Arguments that have no spelling as a header (absent, null, containers, integers beyond 2^53 - 1) ask for none. */
function asHeader(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument
  if (typeof argument === 'boolean') return String(argument)
  if (typeof argument !== 'number') return undefined
  return Number.isInteger(argument) && !Number.isSafeInteger(argument) ? undefined : String(argument)
}
