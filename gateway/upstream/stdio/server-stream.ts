import type { Junk } from './junk.ts'
import type { Reply } from './reply.ts'

/** The one stream on which a legacy session hears what belongs to no POST. While no client listens, messages wait within a bound. */
export type ServerStream = {
  readonly open: boolean
  /** False: a client listens already. */
  attach(answer: Reply): boolean
  send(message: Buffer): void
  end(): void
  fail(reason: string): void
}

/** @param maxBuffered bytes that may wait; beyond, the oldest messages are dropped and counted */
export function serverStream(maxBuffered: number, junk: Junk): ServerStream {
  let listener: Reply | undefined
  let kept: Buffer[] = []
  let bytes = 0

  const keep = (message: Buffer): void => {
    kept.push(message)
    bytes += message.length
    while (bytes > maxBuffered) {
      bytes -= kept.shift()?.length ?? 0
      junk.count('unheard', 'no client listens to the server stream')
    }
  }

  return {
    get open() {
      return listener?.open === true
    },
    attach(answer) {
      if (listener?.open === true) return false
      listener = answer
      answer.stream()
      for (const message of kept) answer.event(message)
      kept = []
      bytes = 0
      return true
    },
    send(message) {
      if (listener?.open === true) listener.event(message)
      else keep(message)
    },
    end: () => listener?.end(),
    fail(reason) {
      listener?.fail('UpstreamUnreachable', `the process ended: ${reason}`)
    },
  }
}
