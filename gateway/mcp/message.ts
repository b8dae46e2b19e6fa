import { reader } from './reader.ts'
import type { Reader } from './reader.ts'
import { rulesBut } from './rules.ts'

/** What a client sends. A failing batch is refused whole, with the id of the message that fails. */
export const readBody: Reader = reader('client', rulesBut(undefined))

/** What a server answers, in JSON or in one event: the same, but an error may have the id null or none. */
export const readAnswer: Reader = reader('server', rulesBut(undefined))
