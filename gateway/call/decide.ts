import { IncomingRequest } from '../auth/incoming-request.ts'
import { isPromise, isSteps, type WaitingSteps } from '../evaluation/steps.ts'
import type { MaybePromise, Message } from '../exchange.ts'
import { readRequestBody } from '../http/body.ts'
import { callerShare } from '../http/memory.ts'
import { authenticate } from './decision/authenticate.ts'
import { bodyOf, bytesOf, senderOf, type RequestBody, type SessionCaller } from './decision/body.ts'
import { decideWithoutBody } from './decision/bodyless.ts'
import { idOf, judgeMessages, type Verdicts } from './decision/judge.ts'
import { revalidated, unavailable, type RoutedRequest } from './decision/revalidate.ts'
import { route } from './decision/route.ts'
import { acceptedHost, contentRefusal, transportRefusal } from './decision/transport.ts'
import { judgedInTurns } from './decision/turns.ts'
import { refused, type Outcome } from './outcome.ts'
import type { RequestContext } from './request-context.ts'

/**
 * What becomes of a request, from its head to the verdict, in one line: transport, authenticate, route, read, judge and charge. Nothing here writes
 * to the response; `settle.ts` carries out the outcome. Who has to wait is interrupted when the client leaves, the key of the caller is withdrawn or the
 * process ends (`decision/wait.ts`). Whatever throws is an error of our own, and `handle.ts` catches it.
 */
export async function decide(context: RequestContext): Promise<Outcome> {
  const { services, req, res } = context
  const runtime = services.runtime()
  const request = new IncomingRequest(req, context.started)

  // Transport: Host, Origin, headers that two readers could read differently. The limits of addresses and connections were before it.
  const host = acceptedHost(runtime, request)
  const transport = transportRefusal(context, runtime, host)
  if (transport) return refused(transport)
  context.origin = req.headers.origin
  if (req.method === 'OPTIONS') return { kind: 'preflight' }

  // Authenticate: once. What is not a promise is not waited for.
  const authentication = authenticate(context, runtime, request, host)
  const identity = isPromise(authentication) ? await authentication : authentication
  if ('denied' in identity) return refused(identity.denied)

  // Route: only now is the server looked up, so that a stranger does not learn which there are.
  const routed = route(context, identity)
  if ('denied' in routed) return refused(routed.denied)
  if (req.method !== 'POST') return decideWithoutBody(context, routed)

  // Read: once and strictly. The bytes stay reserved until the outcome is settled or the call is over.
  const content = contentRefusal(req)
  if (content) return refused(content)
  const share = { held: services.held, owner: callerShare(context.owner) }
  const body = bodyOf(context, await readRequestBody(res, services.limits.maxBytes, share))
  return 'kind' in body ? body : judge(context, routed, body)
}

/**
 * Judge and charge, by the configuration of now: each message passes method and scope, tool policy, charges and guardrails, in this order
 * (`decision/judge.ts`). Few messages take time, and there is no promise for the others.
 */
function judge(context: RequestContext, before: RoutedRequest, body: RequestBody): MaybePromise<Outcome> {
  const { services, req, ledger } = context
  // The server of the pod has ended while the body arrived: no open call has kept it.
  if (services.phase() === 'drained') return refused({ stage: 'drain', code: 'ShuttingDown', ...idOf(context.message) })
  const routed = revalidated(services, before)
  if ('denied' in routed) return refused({ ...routed.denied, ...idOf(context.message) })
  const sender = senderOf(context, routed, body)
  if ('denied' in sender) return refused(sender.denied)
  const call: JudgedCall = { context, routed, sender, body }
  const given = { ...sender, server: routed.server, headers: req.headers, limits: services.limits, ledger }
  const judgement = judgeMessages(given, body.messages)
  return isSteps(judgement) ? judgeInTurns(call, judgement) : outcomeOf(call, judgement)
}

type JudgedCall = {
  readonly context: RequestContext
  readonly routed: RoutedRequest
  readonly sender: SessionCaller
  readonly body: RequestBody
}

/**
 * When another configuration came into force meanwhile, that one judges again. What was charged stays charged, and is not charged again. A credential
 * that ended meanwhile lets no one in.
 */
async function judgeInTurns(call: JudgedCall, steps: WaitingSteps<Verdicts>): Promise<Outcome> {
  const { context, routed, body } = call
  const verdicts = await judgedInTurns(context, routed, steps)
  const current = revalidated(context.services, routed)
  if ('denied' in current) return refused({ ...current.denied, ...idOf(context.message) })
  const denied = unavailable(context.services, current.server)
  if (denied) return refused({ ...denied, ...idOf(context.message) })
  return current.runtime === routed.runtime
    ? outcomeOf({ ...call, routed: current }, verdicts)
    : judge(context, routed, body)
}

/** Notifications that name a request, a token or a task by an id that others may use as well. */
const namesRequest: ReadonlySet<string> = new Set([
  'notifications/cancelled',
  'notifications/progress',
  'notifications/tasks/status',
])

/**
 * Whether a notification goes no further: outside of a session it could cancel the request of another caller that has the same id. Clients of
 * 2026-07-28 cancel by closing the stream.
 */
const endsAtGateway = ([message]: readonly Message[], { session }: SessionCaller): boolean =>
  session === undefined && message?.shape === 'notification' && namesRequest.has(message.method ?? '')

/** The outcome of a body whose messages were judged. */
function outcomeOf({ context, routed, sender, body }: JudgedCall, verdicts: Verdicts): Outcome {
  const { messages, tasks, findings, denied } = verdicts
  if (denied) {
    // All before it may pass: the first that may not is the one that the audit line is about.
    context.message = body.messages[messages.length]
    return refused(denied, findings)
  }
  if (endsAtGateway(messages, sender))
    return { kind: 'accepted', detail: 'it names a request and no session, so it goes no further', findings }
  const { identity, server } = routed
  const call = { context, identity, server, ...sender, messages, tasks, body: bytesOf(body, messages) }
  return { kind: 'admitted', call, findings }
}
