import { join } from 'node:path'

/** The state folder of `bartizan run` when --state does not name one. */
export const defaultState = '.bartizan'

/** The audit log in a state folder. */
export const auditFile = (state: string): string => join(state, 'audit.jsonl')
