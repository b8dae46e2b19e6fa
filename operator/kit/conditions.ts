export type Condition = {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly observedGeneration?: number
  readonly lastTransitionTime: string
}
export type UntimedCondition = Omit<Condition, 'lastTransitionTime'>

/** The conditions as they are now, with the time of their last flip: a time that changes without one would be a write. `now` is milliseconds. */
export function mergeConditions(
  before: readonly Condition[],
  after: readonly UntimedCondition[],
  now: number,
): Condition[] {
  return after.map(condition => {
    const old = before.find(({ type }) => type === condition.type)
    const isSame = old?.status === condition.status
    return { ...condition, lastTransitionTime: isSame ? old.lastTransitionTime : secondsOf(now) }
  })
}

/** metav1.Time has whole seconds. */
const secondsOf = (now: number): string => `${new Date(now).toISOString().slice(0, 19)}Z`
