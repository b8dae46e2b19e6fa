import { maxToolName, type ServerTools } from '../config/tools.ts'
import { allowMatcher, denyMatcher, type Matcher } from '../config/glob.ts'
import { member, elements, type Span } from '../mcp/spans.ts'
import { removeElements, setMember, splice, type Edit } from '../mcp/splice.ts'
import {
  pass,
  type Caller,
  type Denial,
  type Exchange,
  type Message,
  type AuthorizingStage,
  type Authorization,
  type Steps,
  type Verdict,
} from '../exchange.ts'
import type { MaybeSteps } from '../evaluation/steps.ts'

type Refusal = 'ToolNotAllowed' | 'ToolNotApproved'

/** Why a tool is closed to a caller, or undefined. One function for lists and calls: what is shown is what may be called. */
export type ToolJudge = (tool: string) => Refusal | undefined

/** What the server's own policy and the approvals of security say, the same for all callers. */
export function serverToolJudge({ policy, dangerousPatterns, approved }: ServerTools): ToolJudge {
  const allowed: Matcher = policy?.mode === 'allowlist' ? allowMatcher(policy.allowedTools ?? []) : () => true
  const denied = denyMatcher(policy?.deniedTools ?? [])
  const dangerous = denyMatcher(dangerousPatterns)
  const isApproved = new Set(approved)
  return tool => {
    if (!allowed(tool) || denied(tool)) return 'ToolNotAllowed'
    return dangerous(tool) && !isApproved.has(tool) ? 'ToolNotApproved' : undefined
  }
}

/** Names of tools come from the server, so their number is bounded; a call for any other name is judged anew. */
const maxRemembered = 4096

function remembered(judge: ToolJudge): ToolJudge {
  const known = new Map<string, Refusal | undefined>()
  return tool => {
    if (known.has(tool)) return known.get(tool)
    const verdict = judge(tool)
    if (known.size < maxRemembered && tool.length <= maxToolName) known.set(tool, verdict)
    return verdict
  }
}

const stage = 'tools'

/** The tools in a result, found by their shape: a hostile server cannot choose to which request it answers. */
const toolsOf = (answer: Message): unknown => {
  const { result } = answer
  return typeof result === 'object' && result !== null && 'tools' in result ? result.tools : undefined
}

const nameOf = (tool: unknown): string | undefined =>
  typeof tool === 'object' && tool !== null && 'name' in tool && typeof tool.name === 'string' ? tool.name : undefined

/**
 * A filtered list differs between callers, so no shared cache may keep it: `cacheScope` becomes `private` (MCP 2026-07-28, caching). Answers of
 * earlier revisions have no such member and are left alone.
 */
function filtered(answer: Message, keep: readonly boolean[]): Buffer {
  const array = member(answer.bytes, ['result', 'tools'])
  const result = member(answer.bytes, ['result'])
  if (!array || !result) throw new Error('the list that was judged is not in the bytes')
  return splice(answer.bytes, [...removals(answer.bytes, array, keep), ...privacy(answer, result)])
}

function removals(bytes: Buffer, array: Span, keep: readonly boolean[]): readonly Edit[] {
  if (elements(bytes, array).length !== keep.length) throw new Error('the list that was judged is not in the bytes')
  return removeElements(bytes, array, index => keep[index] === true)
}

const privacy = (answer: Message, result: Span): readonly Edit[] =>
  (answer.result as Record<string, unknown>).cacheScope === undefined ||
  (answer.result as Record<string, unknown>).cacheScope === 'private'
    ? []
    : [setMember(answer.bytes, result, 'cacheScope', '"private"')]

/** A stage that needs steps for long lists only. */
type ToolStage = Omit<AuthorizingStage, 'request' | 'response'> & {
  request(x: Exchange): Authorization
  response(x: Caller, answer: Message): MaybeSteps<Verdict>
}

/** Globs that are asked before other calls get a turn: a few milliseconds. */
const turn = 1 << 16

/** Globs of a key, at most. */
const ofKey = 256

/** Names that are judged in one turn. A server may have as many tools as fit into an answer, and an owner as many globs as fit into a policy. */
const namesInTurn = ({ policy, dangerousPatterns }: ServerTools): number =>
  Math.ceil(
    turn /
      (ofKey + dangerousPatterns.length + (policy?.allowedTools?.length ?? 0) + (policy?.deniedTools?.length ?? 0)),
  )

/** The list varies by caller even when nothing was hidden from this one. */
function shown(answer: Message, keep: readonly boolean[]): Verdict {
  const open = (answer.result as Record<string, unknown>).cacheScope
  if (!keep.includes(false) && (open === undefined || open === 'private')) return pass
  return { replace: filtered(answer, keep) }
}

function* longList(
  answer: Message,
  list: readonly unknown[],
  shows: (tool: unknown) => boolean,
  inTurn: number,
): Steps<Verdict> {
  const keep: boolean[] = []
  for (const tool of list) {
    keep.push(shows(tool))
    if (keep.length % inTurn === 0) yield
  }
  return shown(answer, keep)
}

/** Hides and refuses tools: the caller's own list, the server's policy, and dangerous names that security has not approved. */
export function tools(config: ServerTools): ToolStage {
  const inTurn = namesInTurn(config)
  const byServer = remembered(serverToolJudge(config))
  const judge = (x: Caller, tool: string): Refusal | undefined =>
    // No name that can be allowed is longer, and to fold a long one may cost the square of its length.
    tool.length > maxToolName
      ? 'ToolNotAllowed'
      : x.principal.grants.allowsTool(tool)
        ? byServer(tool)
        : 'ToolNotAllowed'
  return {
    name: stage,
    authorizes: true,
    request(x): Authorization {
      if (x.message.method !== 'tools/call') return pass
      const name = nameOf(x.message.params)
      if (name === undefined) return deny('InvalidParams', 'tools/call without params.name')
      const refusal = judge(x, name)
      return refusal === undefined ? pass : deny(refusal, `tool ${JSON.stringify(name.slice(0, 128))}`)
    },
    response(x, answer): MaybeSteps<Verdict> {
      const list = toolsOf(answer)
      if (list === undefined) return pass
      if (!Array.isArray(list)) return deny('UpstreamUnreadable', 'result.tools is not an array')
      // Status counts what there is and names what waits for approval: the operator sees the list as it is, and may call nothing.
      if (x.principal.provider === 'operator') return pass
      const shows = (tool: unknown): boolean => {
        const name = nameOf(tool)
        return name !== undefined && judge(x, name) === undefined
      }
      return list.length > inTurn ? longList(answer, list, shows, inTurn) : shown(answer, list.map(shows))
    },
  }
}

const deny = (code: Denial['code'], detail: string): Authorization => ({ deny: { stage, code, detail } })
