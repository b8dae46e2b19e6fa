import type { AnswerOwner } from '../../http/memory.ts'
import type { CallControl } from './answer.ts'

/** For whom the bytes of an answer are counted. */
export const answerOwner = ({ server, caller, admitted }: CallControl): AnswerOwner => ({
  server: server.name,
  alone: admitted.context.services.runtime().only === server,
  caller: caller.principal.subject,
})
