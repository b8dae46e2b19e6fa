import type { ErrorCode } from '../../errors.ts'
import type { Denial } from '../../exchange.ts'
import type { UpstreamCall, UpstreamHeaders, UpstreamSink } from '../upstream.ts'

/** The answer of one HTTP call, told as a Streamable HTTP server would give it. After the final word nothing more is said. */
export type Reply = {
  /** What the pipeline holds. */
  readonly call: UpstreamCall
  /** False when the final word was said or the caller has gone. */
  readonly open: boolean
  /** Opens an event stream now. */
  stream(headers?: UpstreamHeaders): void
  /** One message that is not the last: from the first of these on the answer is an event stream. */
  event(message: Buffer): void
  /** The final message: plain JSON with `status` and `headers`, or the last event when there is a stream already. */
  answer(message: Buffer, status?: number, headers?: UpstreamHeaders): void
  /** Ends without a message: an empty event stream when nothing was said so far. */
  end(): void
  accepted(): void
  /** Ends a session, or another thing that has no body. */
  done(): void
  /** The bridge does not take the request: the call is refused as any other, with the raw id token. */
  refuse(code: ErrorCode, id?: string, data?: Denial['data']): void
  fail(code: ErrorCode, detail: string): void
}

export type ReplyHooks = {
  /** The caller went away before the final word. */
  cancelled(): void
  /** The caller reads slower than the server writes, or has caught up again. */
  slow(isSlow: boolean): void
}

const json = { 'content-type': 'application/json' }
const events = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }

const eventStart = Buffer.from('data: ')
const eventEnd = Buffer.from('\n\n')

/** What is said before the pipeline has its UpstreamCall, or while it is paused, waits in order. */
export function reply(sink: UpstreamSink, maxBacklog: number, hooks: ReplyHooks): Reply {
  let waiting: { run: () => void; bytes: number }[] = []
  let backlog = 0
  let started = false
  let paused = false
  let streaming = false
  let finished = false
  let cancelled = false

  const next = () => (started && !paused ? waiting.shift() : undefined)
  const drain = (): void => {
    for (let step = next(); step !== undefined; step = next()) {
      const wasSlow = backlog > maxBacklog
      backlog -= step.bytes
      step.run()
      if (wasSlow && backlog <= maxBacklog) hooks.slow(false)
    }
  }
  const say = (run: () => void, bytes = 0): void => {
    if (cancelled) return
    const wasSlow = backlog > maxBacklog
    waiting.push({ run, bytes })
    backlog += bytes
    drain()
    if (!wasSlow && backlog > maxBacklog) hooks.slow(true)
  }
  const data = (bytes: Buffer): void => say(() => sink.data(bytes), bytes.length)
  const stream = (headers: UpstreamHeaders = {}): void => {
    if (streaming || finished) return
    streaming = true
    say(() => sink.head(200, { ...events, ...headers }))
  }
  const event = (message: Buffer): void => {
    stream()
    if (!finished) data(Buffer.concat([eventStart, message, eventEnd]))
  }
  const finish = (run: () => void): void => {
    if (finished) return
    finished = true
    say(run)
  }
  const body = (status: number, message: Buffer, headers: UpstreamHeaders = {}): void => {
    if (finished) return
    say(() => sink.head(status, { ...json, 'content-length': String(message.length), ...headers }))
    data(message)
    finish(() => sink.end())
  }
  const empty = (status: number): void =>
    finish(() => {
      sink.head(status, {})
      sink.end()
    })

  queueMicrotask(() => {
    started = true
    drain()
  })

  return {
    call: {
      cancel() {
        if (cancelled) return
        cancelled = true
        const early = !finished
        finished = true
        waiting = []
        if (backlog > maxBacklog) hooks.slow(false)
        backlog = 0
        if (early) hooks.cancelled()
      },
      pause() {
        paused = true
      },
      resume() {
        paused = false
        drain()
      },
    },
    get open() {
      return !finished
    },
    stream,
    event,
    answer(message, status = 200, headers = {}) {
      if (!streaming) return body(status, message, headers)
      event(message)
      finish(() => sink.end())
    },
    end() {
      stream()
      finish(() => sink.end())
    },
    accepted: () => empty(202),
    done: () => empty(200),
    refuse(code, id, data) {
      const denial: Denial = {
        stage: 'bridge',
        code,
        ...(id !== undefined && { id }),
        ...(data !== undefined && { data }),
      }
      finish(() => sink.refuse(denial))
    },
    fail: (code, detail) => finish(() => sink.fail(code, detail)),
  }
}
