// Where the benchmark and the tests look for them; the operator starts its gateways with the same.
export { defaultMemory, gatewayFlags } from '../gateway/config/flags.ts'

/**
 * The V8 flags of the operator: in its image, its benchmark and the test of many servers. Chosen by measurement (docs/operator-scale.md).
 *
 * The young generation is the point. Left alone it grows to 64 MiB and more while servers come by the hundred; V8 counts that against the old space, finds
 * no room, and marks and compacts a heap of 30 MiB a dozen times a second, for ever. For `--liftoff-only` see those of the gateway.
 */
export const operatorFlags = (): readonly string[] => [
  '--liftoff-only',
  '--max-semi-space-size=2',
  '--max-old-space-size=153',
]
