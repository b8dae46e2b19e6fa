import { nameOf, type Leaf } from '../leaves.ts'
import type { Sample } from '../sample.ts'
import { apiKeySamples } from './api-key.ts'
import { detectorSample } from './detectors.ts'
import { guardrailPolicySamples } from './guardrail-policy.ts'
import { mcpGatewaySamples } from './mcp-gateway.ts'
import { mcpServerSamples } from './mcp-server.ts'

/** The sample of every leaf, by its name. */
export const samples: Readonly<Record<string, Sample>> = {
  ...mcpServerSamples,
  ...apiKeySamples,
  ...guardrailPolicySamples,
  ...mcpGatewaySamples,
}

/** The sample of a leaf; the option of a detector that has none is shown by the cases of the detector. */
export const sampleOf = (leaf: Leaf): Sample | undefined => samples[nameOf(leaf)] ?? detectorSample(leaf)
