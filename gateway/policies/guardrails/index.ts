import type { ServerGuardrails } from '../../config/guardrails.ts'
import type { Detector } from '../../detectors/detector.ts'
import type { Channel, Finding, Message, Stage, Verdict } from '../../exchange.ts'
import { pass } from '../../exchange.ts'
import { type Part, partsOfAnswer, partsOfRequest } from './channels.ts'
import { inspect } from './inspect.ts'
import { rewrite } from './redact.ts'
import { watch, type Watch } from './watch.ts'

export { changedMembers } from './changes.ts'

const name = 'guardrails'

const fromCaller: readonly Channel[] = ['Arguments', 'Elicitation']
const fromServer: readonly Channel[] = ['Definition', 'Result', 'Prompt', 'Resource', 'Elicitation']

/** The bytes of a message do not show what is spelled in base64, so a message with one of these is always looked into. */
const base64Members = ['"data"', '"blob"']

/**
 * Judges every text that passes, by the rules of the policies that are in force on the server. Among the rules that match, Block is stronger
 * than Redact, and Redact than Warn; rules in Audit only leave a finding. What a detector cannot judge is refused.
 */
export function guardrails(config: ServerGuardrails): Stage {
  const made = new Map<string, Detector>()
  const requests = watch(config, fromCaller, made)
  const answers = watch(config, fromServer, made, base64Members)
  return {
    name,
    request: ({ message }) => judge(message, requests, partsOfRequest, false),
    response: (_x, answer) => judge(answer, answers, partsOfAnswer, true),
  }
}

function judge(
  message: Message,
  watch: Watch | undefined,
  partsOf: (message: Message) => Part[],
  fromServer: boolean,
): Verdict {
  try {
    if (watch === undefined || !watch.mayTouch(message)) return pass
    const { findings, blocked, changes } = inspect(partsOf(message), fromServer, watch)
    if (blocked !== undefined) return refusal(blocked, findings, message.id)
    if (changes.length > 0) return { replace: rewrite(message.bytes, changes), findings }
    return findings.length === 0 ? pass : { pass: true, findings }
  } catch (error) {
    const detail = `guardrails failed: ${error instanceof Error ? error.name : 'no error object'}`
    return { deny: { stage: name, code: 'Internal', detail, ...(message.id !== undefined && { id: message.id }) } }
  }
}

function refusal(blocked: Finding, findings: readonly Finding[], id: string | undefined): Verdict {
  const text = `Blocked by guardrail policy "${blocked.policy}": ${blocked.detector}/${blocked.rule}`
  return { deny: { stage: name, code: 'GuardrailBlocked', text, ...(id !== undefined && { id }) }, findings }
}
