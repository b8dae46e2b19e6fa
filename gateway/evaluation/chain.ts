import type { AuthorizingStage, PolicyChain, Charge, Stage } from '../exchange.ts'

export const isCharge = (stage: Stage | Charge): stage is Charge => 'reserve' in stage

const isAuthorizing = (stage: Stage | Charge): stage is AuthorizingStage => 'authorizes' in stage

/** A chain as the path of a call uses it. */
export type CompiledChain = {
  /** What a caller sends passes these. */
  readonly stages: PolicyChain
  /** What the server sends passes these: the stages in reverse. */
  readonly reversed: readonly Stage[]
  /** Those whose refusal depends on who calls: asked again after a reload. */
  readonly authorizing: readonly AuthorizingStage[]
}

export const compileChain = (stages: PolicyChain): CompiledChain => ({
  stages,
  reversed: stages.filter(stage => !isCharge(stage)).toReversed(),
  authorizing: stages.filter(isAuthorizing),
})
