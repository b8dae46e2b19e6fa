import type { Sample } from '../sample.ts'
import { apiKeySamples } from './apikey.ts'
import { guardrailPolicySamples } from './guardrailpolicy.ts'
import { mcpGatewaySamples } from './mcpgateway.ts'
import { mcpServerSamples } from './mcpserver.ts'

/** The sample of every leaf, by its name. */
export const samples: Readonly<Record<string, Sample>> = {
  ...mcpServerSamples,
  ...apiKeySamples,
  ...guardrailPolicySamples,
  ...mcpGatewaySamples,
}
