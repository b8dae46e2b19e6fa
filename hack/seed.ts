import * as fc from 'fast-check'

/**
 * Property tests take the same values in every run, so that a red run can be had again and a green one means the same everywhere. New values are
 * tried with `FC_SEED=random npm test`; the fuzzer (hack/fuzz) tries new ones in every run and prints its seed.
 */
const given = process.env['FC_SEED']
if (given !== 'random') fc.configureGlobal({ seed: given === undefined ? 20_261_123 : Number(given) })
