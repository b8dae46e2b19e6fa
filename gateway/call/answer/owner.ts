import type { AnswerOwner } from '../../http/memory.ts'
import type { Answering } from '../admitted-call.ts'

/** For whom the bytes of an answer are counted. */
export const ownerOf = ({ server, caller, admission }: Answering): AnswerOwner => ({
  server: server.name,
  alone: admission.attempt.services.runtime().only === server,
  caller: caller.principal.subject,
})
