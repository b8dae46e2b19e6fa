import type { Denial } from '../../exchange.ts'
import type { MaybeWaitingSteps, WaitingSteps } from '../../evaluation/steps.ts'
import { runInTurns } from '../../evaluation/turns.ts'
import { Interruption } from '../outcome.ts'
import type { RequestContext } from '../request-context.ts'
import { idOf } from './judge.ts'
import { revalidated, type RoutedRequest } from './revalidate.ts'
import { waitFor } from './wait.ts'

const left = (): Interruption => new Interruption({ kind: 'left', unread: false })

/**
 * Drives the steps of a judgement, in turns with those of other callers, for as long as the client waits for it. Its own file, since a judgement that
 * is there at once, as most are, needs none of this.
 */
export function judgedInTurns<T extends object>(
  context: RequestContext,
  routed: RoutedRequest,
  steps: WaitingSteps<T>,
): Promise<T> {
  const { res, owner, services } = context
  if (res.destroyed) return Promise.reject(left())
  const refusal = (): Denial | undefined => {
    const current = revalidated(services, routed)
    return 'denied' in current ? { ...current.denied, ...idOf(context.message) } : undefined
  }
  return new Promise((resolve, reject) => {
    let isWanted = true
    const onClose = (): void => over(() => reject(left()))
    const over = (settle: () => void): void => {
      isWanted = false
      res.off('close', onClose)
      settle()
    }
    res.once('close', onClose)
    const waiting = services.waiting.stages
    runInTurns(
      steps as MaybeWaitingSteps<T>,
      {
        owner,
        isWanted: () => isWanted,
        wait: promise => waitFor(promise, { context, what: 'a stage', waiting, owner, refusal }),
      },
      value => over(() => resolve(value)),
      error => over(() => reject(error)),
    )
  })
}
