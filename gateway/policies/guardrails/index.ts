import type { ServerGuardrails } from '../../config/guardrails.ts'
import type { Caller, Channel, Exchange, Finding, Message, Stage, Steps, Verdict } from '../../exchange.ts'
import { pass } from '../../exchange.ts'
import { mapSteps, type MaybeSteps } from '../../evaluation/steps.ts'
import { isProbe, type Part, partsOfAnswer, partsOfRequest } from './channels.ts'
import { inspect, isClean } from './inspect.ts'
import { rewrite } from './rewrite.ts'
import { directionRules, type DirectionRules } from './direction-rules.ts'

const name = 'guardrails'

const fromCaller: readonly Channel[] = ['Arguments', 'Elicitation']
const fromServer: readonly Channel[] = ['Definition', 'Result', 'Prompt', 'Resource', 'Elicitation']

/** The bytes of a message do not show what is spelled in base64, so a message with one of these is always looked into. */
const base64Members = ['"data"', '"blob"']

/** A stage that needs steps for long texts, and waits for nothing else. */
type DetectingStage = Omit<Stage, 'request' | 'response'> & {
  request(x: Exchange): MaybeSteps<Verdict>
  response(x: Caller, answer: Message): MaybeSteps<Verdict>
}

/**
 * Judges every text that passes, by the rules of the policies that are in force on the server. Among the rules that match, Block is stronger
 * than Redact, and Redact than Warn; rules in Audit only leave a finding. What a detector cannot judge is refused.
 */
export function guardrails(config: ServerGuardrails): DetectingStage {
  const shared = { made: new Map(), gates: new Map() }
  const requests = directionRules(config, fromCaller, base64Members, shared)
  const answers = directionRules(config, fromServer, base64Members, shared)
  return {
    name,
    request: ({ message, era }) => {
      const verdict = judge(message, requests, m => partsOfRequest(m, era), false)
      return isProbe(message) ? mapSteps(verdict, unrefused) : verdict
    },
    response: ({ era }, answer) => judge(answer, answers, m => partsOfAnswer(m, era), true),
  }
}

/** A probe is inspected like any request, and passes as it is: what fired is only recorded. */
const unrefused = ({ findings }: Verdict): Verdict => (findings === undefined ? pass : { pass: true, findings })

/** Messages that are no larger are judged at once, whatever they hold. */
const SMALL = 16_384

function judge(
  message: Message,
  direction: DirectionRules | undefined,
  partsOf: (message: Message) => Part[],
  fromServer: boolean,
): Verdict | Steps<Verdict> {
  try {
    if (direction === undefined || !direction.mayTouch(message)) return pass
    const parts = partsOf(message)
    const isSmall = message.bytes.length <= SMALL
    if (isSmall && isClean(parts, fromServer, direction)) return pass
    const steps = judged(message, parts, direction, fromServer)
    if (!isSmall) return steps
    const step = steps.next()
    return step.done === true ? step.value : steps
  } catch (error) {
    return failed(message, error)
  }
}

function* judged(
  message: Message,
  parts: readonly Part[],
  direction: DirectionRules,
  fromServer: boolean,
): Steps<Verdict> {
  try {
    const { findings, blocked, changes } = yield* inspect(parts, fromServer, direction)
    if (blocked !== undefined) return refusal(blocked, findings, message.id)
    if (changes.length > 0) return { replace: yield* rewrite(message.bytes, changes), findings }
    return findings.length === 0 ? pass : { pass: true, findings }
  } catch (error) {
    return failed(message, error)
  }
}

/** What could not be judged is refused. The error may quote the text, so only its name is told. */
function failed({ id }: Message, error: unknown): Verdict {
  const detail = `guardrails failed: ${error instanceof Error ? error.name : 'no error object'}`
  return { deny: { stage: name, code: 'Internal', detail, ...(id !== undefined && { id }) } }
}

function refusal(blocked: Finding, findings: readonly Finding[], id: string | undefined): Verdict {
  const text = `Blocked by guardrail policy "${blocked.policy}": ${blocked.detector}/${blocked.rule}`
  return { deny: { stage: name, code: 'GuardrailBlocked', text, ...(id !== undefined && { id }) }, findings }
}
