import type {
  Caller,
  PolicyChain,
  Charge,
  Denial,
  Exchange,
  Finding,
  MaybePromise,
  Message,
  Read,
  ReadLimits,
  Stage,
  Steps,
  Verdict,
} from '../exchange.ts'
import { readAnswer, readBody } from '../mcp/message.ts'
import { isCharge } from './chain.ts'
import type { ChargeLedger } from './charging.ts'
import { handled, isPromise, isSteps, waitFor, type MaybeWaitingSteps, type WaitingSteps } from './steps.ts'

/** What all stages together said of one message: the message that may travel on, or a refusal. */
export type EvaluatedMessage = {
  readonly message: Message
  readonly findings: readonly Finding[]
  readonly denied?: Denial
}

/** What a stage answers with. */
type Answer = MaybePromise<Verdict> | Steps<Verdict> | WaitingSteps<Verdict> | undefined

/** One direction: how a stage is asked, and who reads what it rewrote. */
type Direction = {
  ask(stage: Stage, x: Caller, message: Message): Answer
  read(bytes: Buffer, limits: ReadLimits): Read
}

/** The exchange with another message, and the same one while it is the same: stages of the usual message share it. */
const exchangeOf = (x: Caller, message: Message): Exchange =>
  'message' in x && x.message === message ? (x as Exchange) : { ...x, message }

const requests: Direction = {
  ask: (stage, x, message) => stage.request?.(exchangeOf(x, message)),
  read: readBody,
}
const answers: Direction = {
  ask: (stage, x, message) => stage.response?.(x, message),
  read: readAnswer,
}

const noFindings: readonly Finding[] = []

/** Where what a message was charged is written down, and the message as it arrived, by which it is known there. */
export type Charging = { readonly ledger: ChargeLedger; readonly arrived: Message }

/** What every stage is asked about, in one direction. */
type Evaluation = {
  readonly direction: Direction
  readonly stages: PolicyChain
  readonly x: Caller
  readonly limits: ReadLimits
  readonly charging?: Charging | undefined
}

/** A stage that throws has refused. Its message goes to the log, never to the caller. */
const thrown = (stage: Stage | Charge, error: unknown): Verdict => ({
  deny: { stage: stage.name, code: 'Internal', detail: `${stage.name} threw: ${(error as Error).message}` },
})

function asked(evaluation: Evaluation, stage: Stage | Charge, message: Message): Answer {
  try {
    return isCharge(stage) ? charged(evaluation, message) : evaluation.direction.ask(stage, evaluation.x, message)
  } catch (error) {
    return thrown(stage, error)
  }
}

const uncharged: Verdict = { pass: true }

/** All charges of the chain are asked at the place of the first one. */
function* charged({ stages, x, charging }: Evaluation, message: Message): WaitingSteps<Verdict> {
  if (charging === undefined) return uncharged
  const { deny } = yield* charging.ledger.charge(charging.arrived, stages.filter(isCharge), exchangeOf(x, message))
  return deny === undefined ? uncharged : { deny }
}

function* settled(stage: Stage | Charge, answer: Exclude<Answer, undefined>): WaitingSteps<Verdict> {
  try {
    if (isPromise(answer)) return yield* waitFor(answer)
    return isSteps(answer) ? yield* answer : answer
  } catch (error) {
    return thrown(stage, error)
  }
}

const withId = (denial: Denial, message: Message): Denial =>
  message.id === undefined ? denial : { ...denial, id: message.id }

const unreadable = (stage: Stage | Charge, message: Message): Denial =>
  withId({ stage: stage.name, code: 'Internal', detail: `${stage.name} wrote a message that cannot be read` }, message)

type Pass = EvaluatedMessage & { readonly replaced: boolean }

/** Asks the stages from `at` on; the first of them has answered already. */
function* evaluateOnce(evaluation: Evaluation, original: Message, at: number, first: Answer): WaitingSteps<Pass> {
  let message = original
  let findings = noFindings
  let replaced = false
  let answer = first
  for (const stage of evaluation.stages.slice(at)) {
    answer ??= asked(evaluation, stage, message)
    const verdict = answer === undefined ? undefined : yield* settled(stage, answer)
    answer = undefined
    if (!verdict) continue
    if (verdict.findings) findings = [...findings, ...verdict.findings]
    if ('deny' in verdict) return { message, findings, denied: withId(verdict.deny, original), replaced }
    if (!('replace' in verdict)) continue
    const reread = evaluation.direction.read(verdict.replace, evaluation.limits)
    if (!('message' in reread)) return { message, findings, denied: unreadable(stage, original), replaced }
    message = reread.message
    replaced = true
  }
  return { message, findings, replaced }
}

/**
 * A message that a stage rewrote is judged once more by all of them, so that what is sent is what was judged; a chain that still wants to
 * rewrite it then has no end and is refused.
 */
function* evaluateInSteps(
  evaluation: Evaluation,
  original: Message,
  at: number,
  answer: Answer,
): WaitingSteps<EvaluatedMessage> {
  const first = yield* evaluateOnce(evaluation, original, at, answer)
  if (first.denied || !first.replaced) return first
  const second = yield* evaluateOnce(evaluation, first.message, 0, undefined)
  const endless: Denial = { stage: 'pipeline', code: 'Internal', detail: 'a rewritten message was rewritten again' }
  const denied = second.replaced ? withId(endless, original) : second.denied
  const result = { message: second.message, findings: first.findings }
  return denied ? { ...result, denied } : result
}

/** Every stage sees the message in order. While all let it pass without a word there is nothing to keep and nothing to wait for. */
function evaluate(evaluation: Evaluation, message: Message): MaybeWaitingSteps<EvaluatedMessage> {
  const { stages } = evaluation
  for (let at = 0; at < stages.length; at += 1) {
    const answer = asked(evaluation, stages[at]!, message)
    const silent = answer === undefined || ('pass' in answer && answer.findings === undefined)
    // The first step may have to wait for its turn.
    if (!silent) return evaluateInSteps(evaluation, message, at, isPromise(answer) ? handled(answer) : answer)
  }
  return { message, findings: noFindings }
}

/** What the caller sends: stages in their order. Without `charging` nothing is charged. */
export const judgeRequest = (
  stages: PolicyChain,
  x: Exchange,
  limits: ReadLimits,
  charging?: Charging,
): MaybeWaitingSteps<EvaluatedMessage> => evaluate({ direction: requests, stages, x, limits, charging }, x.message)

/** What the server sends: stages in reverse order, given so by the caller of this function. */
export const judgeAnswer = (
  reversed: readonly Stage[],
  x: Caller,
  answer: Message,
  limits: ReadLimits,
): MaybeWaitingSteps<EvaluatedMessage> => evaluate({ direction: answers, stages: reversed, x, limits }, answer)
