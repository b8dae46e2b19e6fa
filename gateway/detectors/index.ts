import type { DetectorOptions } from '../config/guardrails.ts'
import type { Detector } from './detector.ts'
import { keywords } from './keywords.ts'
import { secrets } from './secrets.ts'

/** Every detector, by the name of its option. A new option without a detector does not compile. */
export const detectors: { [K in keyof DetectorOptions]-?: (options: DetectorOptions[K]) => Detector } = {
  keywords,
  secrets,
}
