import type { Caller, Denial, Exchange, Finding, Message, Read, Stage, Steps, Verdict } from './exchange.ts'

/** What all stages together said of one message: the message that may travel on, or a refusal. */
export type Judged = { readonly message: Message; readonly findings: readonly Finding[]; readonly denied?: Denial }

type Reader = (bytes: Buffer) => Read
type Ask = (stage: Stage, message: Message) => Verdict | Steps<Verdict> | undefined

const noFindings: readonly Finding[] = []

/** A stage that throws has refused. Its message goes to the log, never to the caller. */
function* asked(stage: Stage, message: Message, ask: Ask): Steps<Verdict | undefined> {
  try {
    const answer = ask(stage, message)
    return answer !== undefined && 'next' in answer ? yield* answer : answer
  } catch (error) {
    return { deny: { stage: stage.name, code: 'Internal', detail: `${stage.name} threw: ${(error as Error).message}` } }
  }
}

type Pass = { message: Message; findings: readonly Finding[]; denied?: Denial; replaced: boolean }

function* once(stages: readonly Stage[], message: Message, read: Reader, ask: Ask): Steps<Pass> {
  let current = message
  let findings = noFindings
  let replaced = false
  for (const stage of stages) {
    const verdict = yield* asked(stage, current, ask)
    if (!verdict) continue
    if (verdict.findings) findings = [...findings, ...verdict.findings]
    if ('deny' in verdict) return { message: current, findings, denied: withId(verdict.deny, message), replaced }
    if (!('replace' in verdict)) continue
    const reread = read(verdict.replace)
    if (!('message' in reread)) return { message: current, findings, denied: unreadable(stage, message), replaced }
    current = reread.message
    replaced = true
  }
  return { message: current, findings, replaced }
}

const withId = (denial: Denial, message: Message): Denial =>
  message.id === undefined ? denial : { ...denial, id: message.id }

const unreadable = (stage: Stage, message: Message): Denial =>
  withId({ stage: stage.name, code: 'Internal', detail: `${stage.name} wrote a message that cannot be read` }, message)

/**
 * Every stage sees the message in order. A message that a stage rewrote is judged once more by all of them, so that what is sent is what was
 * judged; a chain that still wants to rewrite it then has no end and is refused.
 */
function* judge(stages: readonly Stage[], message: Message, read: Reader, ask: Ask): Steps<Judged> {
  const first = yield* once(stages, message, read, ask)
  if (first.denied || !first.replaced) return first
  const second = yield* once(stages, first.message, read, ask)
  const denied = second.replaced
    ? withId({ stage: 'pipeline', code: 'Internal', detail: 'a rewritten message was rewritten again' }, message)
    : second.denied
  const result = { message: second.message, findings: first.findings }
  return denied ? { ...result, denied } : result
}

/** What the caller sends: stages in their order. */
export const judgeRequest = (stages: readonly Stage[], x: Exchange, read: Reader): Steps<Judged> =>
  judge(stages, x.message, read, (stage, message) => stage.request?.(message === x.message ? x : { ...x, message }))

/** What the server sends: stages in reverse order, given so by the caller of this function. */
export const judgeAnswer = (reversed: readonly Stage[], x: Caller, answer: Message, read: Reader): Steps<Judged> =>
  judge(reversed, answer, read, (stage, message) => stage.response?.(x, message))
