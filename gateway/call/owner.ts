import { serverShare } from '../http/memory.ts'
import type { Answering } from './admission.ts'

/** For whom the bytes of an answer are counted. */
export const ownerOf = ({ server, admission }: Answering): string =>
  serverShare(server.name, admission.attempt.services.runtime().only === server)
