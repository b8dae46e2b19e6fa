import { duration, milliseconds } from '../gateway/config/kit.ts'
import { rule } from './rule.ts'

/**
 * A duration between two bounds, both spelled as durations.
 * @param least shortest that is taken; a check every millisecond would be an attack on the server
 * @param most longest that is taken
 */
export const durationBetween = (least: string, most: string) =>
  rule(
    duration,
    {
      rule: `duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`,
      message: `must be at least ${least} and at most ${most}`,
    },
    // What is no duration has been told by the pattern already.
    value =>
      !duration.safeParse(value).success ||
      (milliseconds(value) >= milliseconds(least) && milliseconds(value) <= milliseconds(most)),
  )
