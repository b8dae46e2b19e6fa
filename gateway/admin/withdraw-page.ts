import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AdminActions } from './actions.ts'
import { withdrawalKey } from '../config/guard.ts'
import { isSigned, maxWithdrawalBytes, readWithdrawals, signatureHeader } from '../config/withdrawal.ts'
import { readRequestBody } from '../http/body.ts'
import { page, refused, type Page } from './plain-pages.ts'
import type { Services } from '../runtime/runtime.ts'

/** Whose bytes these are, in the account of what is held for whom. No server has this name. */
const owner = '_admin'

const unsigned = refused(401, 'unauthorized')
const unknown = refused(400, 'this gateway does not understand the message: roll it')
const tooLarge = refused(413, `more than ${maxWithdrawalBytes} bytes`)
const busy = refused(503, 'no memory for it just now')
const failed = refused(500, 'the message could not be taken; the log of the gateway says why')
const taken = page(200, 'application/json', '{}')

/**
 * `POST /-/withdraw`: the operator takes keys back, ahead of the file that says the same. There is no token in the request, since a process that
 * shares the pod's network may listen on this port and would learn it; only what the operator has signed is read.
 */
export function withdrawPage(
  services: Services,
  actions: Pick<AdminActions, 'guards' | 'withdraw'>,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const answered = (answer: Page): void => {
    // A caller without a valid signature is a stranger.
    if (answer !== taken) res.shouldKeepAlive = false
    answer(res)
  }
  const { [signatureHeader]: signature } = req.headers
  if (typeof signature !== 'string') return answered(unsigned)
  answerTo(services, actions, signature, res).then(
    answer => answer && answered(answer),
    (error: unknown) => {
      services.log.error('keys could not be withdrawn', { error: String(error) })
      answered(failed)
    },
  )
}

/** What is said to a message, once it is there; undefined when its sender left. */
async function answerTo(
  { held }: Services,
  { guards, withdraw }: Pick<AdminActions, 'guards' | 'withdraw'>,
  signature: string,
  res: ServerResponse,
): Promise<Page | undefined> {
  const read = await readRequestBody(res, maxWithdrawalBytes, { held, owner })
  if ('left' in read) return undefined
  if ('refused' in read) return read.refused === 'PayloadTooLarge' ? tooLarge : busy
  held.give(owner, read.bytes.length)
  if (!isSigned(read.bytes, signature, guards().map(withdrawalKey))) return unsigned
  const withdrawals = readWithdrawals(read.bytes)
  if (!withdrawals) return unknown
  withdraw(withdrawals)
  return taken
}
