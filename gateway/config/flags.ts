/** Memory limit of the gateway's container unless the operator sets another, in MiB. */
export const defaultMemory = 256

/**
 * The V8 flags that the gateway runs with: in the image, and therefore in the benchmark. Chosen by measurement (docs/performance.md).
 *
 * The initial old space is a quarter of the limit: without it V8 marks and compacts a heap of a few MiB three to four times a second under load
 * (measured: 15 times in 4 s, with it none), and each time all calls wait. It reserves nothing: memory at rest is the same.
 *
 * undici reads answers by WebAssembly. V8 would compile that anew with its optimizing compiler after ten answers, which health checks alone soon are: 10 MiB of anonymous
 * memory and 4 MiB more of Node's own pages in every gateway there is, for a few microseconds a call in those that are used (decision 34).
 *
 * @param memory the container's memory limit in MiB; old space gets 60 % of it, the rest is for buffers, code and the young generation
 */
export function gatewayFlags(memory = defaultMemory): readonly string[] {
  return [
    '--liftoff-only',
    '--max-semi-space-size=4',
    `--initial-old-space-size=${Math.floor(memory / 4)}`,
    `--max-old-space-size=${Math.floor(memory * 0.6)}`,
  ]
}
