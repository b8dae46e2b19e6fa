import type { ErrorCode } from '../errors.ts'
import type { Message } from '../exchange.ts'
import type { Names } from './names.ts'
import { envelopeNames, errorNames, impersonates, metaNames, paramsNames, resultNames, toolNames } from './names.ts'
import type { RuleSet } from './rules.ts'

export type Members = Readonly<Record<string, unknown>>

/** What a sender may leave out: an error of a server need not name the request it could not read (`id` null or absent). */
export type Sender = 'client' | 'server'

export type EnvelopeFault = { readonly code: ErrorCode; readonly detail: string }

export type EnvelopeReading = Omit<Message, 'bytes' | 'plain'> | EnvelopeFault

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const invalid = (detail: string): EnvelopeFault => ({ code: 'InvalidRequest', detail })

/** Names go into the log, so they are quoted and cut: a body chooses them. */
const ambiguous = (where: string, name: string): EnvelopeFault => ({
  code: 'AmbiguousMessage',
  detail: `${where}: ${JSON.stringify(name.slice(0, 40))} equals a known name but for case`,
})

function impostor(where: string, members: Members, known: Names): EnvelopeFault | undefined {
  for (const name in members) if (impersonates(name, known)) return ambiguous(where, name)
  return undefined
}

/**
 * Judges a parsed value as a JSON-RPC 2.0 message of MCP and gives it its shape.
 * @param token the id as spelled, undefined where there is no member `id`
 */
export function envelope(value: unknown, token: string | undefined, from: Sender, rules: RuleSet): EnvelopeReading {
  if (!isObject(value)) return invalid('not an object')
  const fault = badMembers(value, rules)
  if (fault !== undefined) return fault
  return 'method' in value ? call(value, token, rules) : response(value, token, from, rules)
}

/**
 * Unknown members are refused: the schemas of the official SDK are strict here, no client or server sends any, and one that a server did
 * read would be a part of the message that was not judged.
 */
function badMembers(value: Members, rules: RuleSet): EnvelopeFault | undefined {
  for (const name in value) {
    if (envelopeNames.has(name)) continue
    if (rules.envelopeCase && impersonates(name, envelopeNames)) return ambiguous('envelope', name)
    if (rules.unknownMember && !impersonates(name, envelopeNames)) return invalid('unknown member in the envelope')
  }
  return rules.version && value.jsonrpc !== '2.0' ? invalid('jsonrpc is not "2.0"') : undefined
}

const badId = 'id is neither a string nor an integer'

const digits = /^(?:0|-?[1-9][0-9]*)$/

/**
 * Strings and integers. -0 is refused with the fractions: JavaScript answers it with 0 and Go with -0, so the answer could not be matched.
 */
/** Ids are echoed, kept and compared; no client needs one as long as a message. */
const maxId = 1024

function validId(id: unknown, token: string | undefined): token is string {
  if (token !== undefined && token.length > maxId) return false
  return token !== undefined && (typeof id === 'string' || (typeof id === 'number' && digits.test(token)))
}

function call(value: Members, token: string | undefined, rules: RuleSet): EnvelopeReading {
  const fault = badCall(value, token, rules)
  if (fault !== undefined) return fault
  const method = value.method as string
  const { params } = value
  if ('id' in value) {
    const id = token as string
    return params === undefined ? { shape: 'request', id, method } : { shape: 'request', id, method, params }
  }
  return params === undefined ? { shape: 'notification', method } : { shape: 'notification', method, params }
}

function badCall(value: Members, token: string | undefined, rules: RuleSet): EnvelopeFault | undefined {
  if (rules.methodInResponse && ('result' in value || 'error' in value)) return invalid('method in a response')
  if (rules.method && typeof value.method !== 'string') return invalid('method is not a string')
  if (rules.id && 'id' in value && !validId(value.id, token)) return invalid(badId)
  return 'params' in value ? badParams(value.params, rules) : undefined
}

function badParams(params: unknown, rules: RuleSet): EnvelopeFault | undefined {
  if (!isObject(params)) return rules.params ? invalid('params is not an object') : undefined
  const fault = rules.paramsCase ? impostor('params', params, paramsNames) : undefined
  return fault ?? badMeta('params._meta', params, rules)
}

function badMeta(where: string, members: Members, rules: RuleSet): EnvelopeFault | undefined {
  const meta = members._meta
  return rules.metaCase && isObject(meta) ? impostor(where, meta, metaNames) : undefined
}

function response(value: Members, token: string | undefined, from: Sender, rules: RuleSet): EnvelopeReading {
  const failed = 'error' in value
  const nameless = failed && from === 'server' && isNameless(value)
  const fault =
    badShape(value, failed, rules) ?? (failed ? badError(value.error, rules) : badResult(value.result, rules))
  if (fault !== undefined) return fault
  if (rules.id && !nameless && !validId(value.id, token)) return invalid(badId)
  if (nameless || token === undefined) return { shape: 'response', error: value.error }
  return failed
    ? { shape: 'response', id: token, error: value.error }
    : { shape: 'response', id: token, result: value.result }
}

const isNameless = (value: Members): boolean => value.id === undefined || value.id === null

function badShape(value: Members, failed: boolean, rules: RuleSet): EnvelopeFault | undefined {
  if ('params' in value) return invalid('params without a method')
  if (failed) return rules.resultAndError && 'result' in value ? invalid('both result and error') : undefined
  return 'result' in value ? undefined : invalid('neither method nor result nor error')
}

function badError(error: unknown, rules: RuleSet): EnvelopeFault | undefined {
  if (!isObject(error)) return rules.error ? invalid('error is not an object') : undefined
  const fault = rules.errorCase ? impostor('error', error, errorNames) : undefined
  if (fault !== undefined) return fault
  if (!rules.error) return undefined
  if (!Number.isInteger(error.code)) return invalid('error.code is not an integer')
  return typeof error.message === 'string' ? undefined : invalid('error.message is not a string')
}

function badResult(result: unknown, rules: RuleSet): EnvelopeFault | undefined {
  if (!isObject(result)) return rules.result ? invalid('result is not an object') : undefined
  const fault = rules.resultCase ? impostor('result', result, resultNames) : undefined
  return fault ?? badMeta('result._meta', result, rules) ?? badTools(result.tools, rules)
}

/** A tool with a `Name` beside its `name` would be listed under the one and filtered by the other. */
function badTools(tools: unknown, rules: RuleSet): EnvelopeFault | undefined {
  if (!rules.toolCase || !Array.isArray(tools)) return undefined
  for (const tool of tools as unknown[]) {
    const fault = isObject(tool) ? impostor('result.tools', tool, toolNames) : undefined
    if (fault !== undefined) return fault
  }
  return undefined
}
