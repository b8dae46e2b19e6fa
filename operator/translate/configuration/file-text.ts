import { perObject } from '../memo.ts'

/** A file of a configuration as it is delivered. The keys of a namespace are one object for all of its servers, so each is spelled once. */
export const fileText = perObject((file: object) => JSON.stringify(file))
