import type { Authorization, AuthorizingStage, Denial, Exchange } from '../exchange.ts'
import { runSync } from './steps.ts'

/**
 * Why a caller may not send this message, or undefined: what the stages say whose refusal depends on who calls. It is asked again for every call that
 * is open after a reload, so it charges nothing and does not wait.
 */
export function authorizationRefusal(stages: readonly AuthorizingStage[], x: Exchange): Denial | undefined {
  for (const stage of stages) {
    const verdict = verdictOf(stage, x)
    if ('deny' in verdict) return verdict.deny
  }
  return undefined
}

/** A stage that throws has refused. */
function verdictOf(stage: AuthorizingStage, x: Exchange): Authorization {
  try {
    return runSync(stage.request(x))
  } catch (error) {
    const detail = `${stage.name} threw: ${(error as Error).message}`
    return { deny: { stage: stage.name, code: 'Internal', detail } }
  }
}
