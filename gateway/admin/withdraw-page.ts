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
const taken = page(200, 'application/json', '{}')

/**
 * `POST /-/withdraw`: the operator takes keys back, ahead of the file that says the same. There is no token in the request, since a process that
 * shares the pod's network may listen on this port and would learn it; only what the operator has signed is read.
 */
export function withdrawPage(
  services: Services,
  { guards, withdraw }: Pick<AdminActions, 'guards' | 'withdraw'>,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const { held } = services
  const { [signatureHeader]: signature } = req.headers
  const answered = (answer: Page): void => {
    // A caller without a valid signature is a stranger.
    if (answer !== taken) res.shouldKeepAlive = false
    answer(res)
  }
  if (typeof signature !== 'string') return answered(unsigned)
  readRequestBody(res, maxWithdrawalBytes, { held, owner }, (failed, message) => {
    if (failed !== undefined) return answered(failed === 'PayloadTooLarge' ? tooLarge : busy)
    held.give(owner, message.length)
    if (!isSigned(message, signature, guards().map(withdrawalKey))) return answered(unsigned)
    const withdrawals = readWithdrawals(message)
    if (!withdrawals) return answered(unknown)
    withdraw(withdrawals)
    answered(taken)
  })
}
