import { lines, type SseLine } from './sse-lines.ts'

/** One block of a `text/event-stream` (HTML standard, section 9.2), with the bytes it came in. */
export type SseEvent = {
  /**
   * Every byte up to and with the blank line: comments, ids and retries included. All `raw` one after another are the stream, but for a byte
   * order mark at its very start.
   */
  readonly raw: Buffer
  /** The data lines joined by line feeds; undefined if there are none or all are empty: such a block carries no message. */
  readonly data?: Buffer
  readonly event?: string
  readonly id?: string
  /** Holds nothing but data, the usual name of an event and a time to wait: what a client is told beside the message is what is known of it. */
  readonly plain: boolean
  /** Holds a line that the standard ignores and a sloppy reader could take for data (`Data:`, ` data:`): what it says was not judged. */
  readonly dubious?: true
}

/** The blocks that have come to an end, and whether the stream was given up because one grew beyond the limit. */
export type SsePush = { readonly events: readonly SseEvent[]; readonly tooLarge: boolean }

const cr = 0x0d
const lf = 0x0a
const nothing = Buffer.alloc(0)
const mark = Buffer.from('\ufeff')

/**
 * Splits a stream into events, whatever the boundaries of its chunks: between CR and LF a boundary gives a block of that LF alone, without
 * data. A chunk that holds whole events is not copied, `raw` and `data` are slices of it.
 */
export class SseSplitter {
  readonly #maxEventBytes: number
  /** Bytes of a block that has not ended, in a buffer that doubles: a stream of single bytes costs no more than its length. */
  #rest: Buffer = nothing
  #held = 0
  #lineEmpty = true
  #afterCr = false
  #dead = false
  /** The first bytes, while they could be the beginning of a byte order mark; undefined from then on. */
  #head: Buffer | undefined = nothing
  /** Where in the chunk at hand the next of each stands. */
  #cr = -1
  #lf = -1

  /** @param maxEventBytes what one event may hold, unfinished ones included */
  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes
  }

  /** Bytes that wait for the end of their block. */
  get pending(): number {
    return this.#held
  }

  /** After `tooLarge` nothing more comes out of this stream. */
  push(bytes: Buffer): SsePush {
    const events: SseEvent[] = []
    if (this.#dead) return { events, tooLarge: true }
    const chunk = this.#head === undefined ? bytes : this.#unmarked(this.#head, bytes)
    this.#cr = -1
    this.#lf = -1
    let start = 0
    // The second half of a CR LF belongs to what went out before; readers that know only LF wait for it.
    const isCut = this.#afterCr
    while (start < chunk.length) {
      const end = this.#blockEnd(chunk, start)
      const stop = end === -1 ? chunk.length : end
      if (this.#held + stop - start > this.#maxEventBytes) {
        this.#dead = true
        this.#rest = nothing
        return { events, tooLarge: true }
      }
      if (end === -1) this.#hold(chunk.subarray(start))
      else if (this.#held > 0 || (isCut && start === 0) || !isBlankOnly(chunk, start, stop))
        events.push(readEvent(this.#take(chunk.subarray(start, end))))
      start = stop
    }
    return { events, tooLarge: false }
  }

  /**
   * The stream has ended. What came after the last blank line is no event by the standard, but some clients take it for one, so it is given out
   * to be judged.
   */
  end(): SsePush {
    if (this.#head !== undefined) this.#hold(this.#head)
    this.#head = undefined
    if (this.#dead || this.#held === 0) return { events: [], tooLarge: this.#dead }
    return { events: [readEvent(this.#take(nothing))], tooLarge: false }
  }

  #unmarked(head: Buffer, bytes: Buffer): Buffer {
    const start = head.length === 0 ? bytes : Buffer.concat([head, bytes])
    if (start.length < mark.length && start.equals(mark.subarray(0, start.length))) {
      this.#head = start
      return nothing
    }
    this.#head = undefined
    return start.subarray(0, mark.length).equals(mark) ? start.subarray(mark.length) : start
  }

  /** The byte after the blank line that ends the block in which `from` lies, or -1. Keeps what it needs to know of the chunk for the next. */
  #blockEnd(chunk: Buffer, from: number): number {
    let i = from
    if (this.#afterCr) {
      this.#afterCr = false
      if (chunk[i] === lf) {
        i++
        // The LF of a CR LF that was cut: the line it ends has been counted, and so has a block that ended with it.
        if (this.#held === 0) return i
      }
    }
    while (i < chunk.length) {
      const at = this.#nextBreak(chunk, i)
      if (at !== i) this.#lineEmpty = false
      if (at === chunk.length) return -1
      i = this.#lineBreak(chunk, at)
      if (this.#lineEmpty) return i
      this.#lineEmpty = true
    }
    return -1
  }

  /** The next CR or LF, or the length. Each is searched for only once: a chunk full of one and without the other costs no more. */
  #nextBreak(chunk: Buffer, from: number): number {
    if (this.#cr < from) this.#cr = find(chunk, cr, from)
    if (this.#lf < from) this.#lf = find(chunk, lf, from)
    return Math.min(this.#cr, this.#lf)
  }

  /** The byte after the line break at `at`. */
  #lineBreak(chunk: Buffer, at: number): number {
    if (chunk[at] === lf) return at + 1
    if (chunk[at + 1] === lf) return at + 2
    this.#afterCr = at + 1 === chunk.length
    return at + 1
  }

  #hold(part: Buffer): void {
    const needed = this.#held + part.length
    if (needed > this.#rest.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#rest.length))
      this.#rest.copy(larger, 0, 0, this.#held)
      this.#rest = larger
    }
    part.copy(this.#rest, this.#held)
    this.#held = needed
  }

  /** What is held and `last`, as one buffer that nothing else writes to. */
  #take(last: Buffer): Buffer {
    if (this.#held === 0) return last
    this.#hold(last)
    const whole = this.#rest.subarray(0, this.#held)
    this.#rest = nothing
    this.#held = 0
    return whole
  }
}

function find(chunk: Buffer, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from)
  return at === -1 ? chunk.length : at
}

/** A blank line by itself ends nothing. A stream may be full of them, and each would cost an object and a write. */
const isBlankOnly = (chunk: Buffer, start: number, stop: number): boolean =>
  stop - start <= 2 && (chunk[start] === lf || chunk[start] === cr)

/** Bytes at which some readers break lines where the standard does not: U+000B, U+000C, U+001C to U+001E, and U+0085, U+2028, U+2029 in UTF-8. */
const breaks = /[\v\f\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]/

/** Whether a sloppy reader could take something in this line for data, although the standard sees none. */
const isCareless = (name: string, value: Buffer): boolean =>
  /data/i.test(name) || breaks.test(name) || breaks.test(value.toString('latin1'))

function readEvent(raw: Buffer): SseEvent {
  const data: Buffer[] = []
  let event: string | undefined
  let id: string | undefined
  let dubious = false
  let plain = true
  for (const one of lines(raw)) {
    const { name, value } = one
    if (name === 'data') {
      data.push(value)
      continue
    }
    if (name === 'event') event = value.toString('utf8')
    else if (name === 'id' && !value.includes(0)) id = value.toString('utf8')
    plain &&= isPlain(one)
    if (isCareless(name, value)) dubious = true
  }
  return {
    raw,
    plain,
    ...(data.some(line => line.length > 0) && { data: joined(data) }),
    ...(event !== undefined && { event }),
    ...(id !== undefined && { id }),
    ...(dubious && { dubious }),
  }
}

const feed = Buffer.from('\n')

function joined(data: readonly Buffer[]): Buffer {
  const [first = nothing] = data
  return data.length === 1 ? first : Buffer.concat(data.flatMap((line, index) => (index === 0 ? [line] : [feed, line])))
}

/** The name under which clients take an event for a message; without one it has this, too. */
export const messageName = 'message'

/** The lines beside data that pass as they are. Comments and fields that no client knows would be texts that were not judged. */
function isPlain({ line, name, value }: SseLine): boolean {
  if (line.length === 0) return true
  const text = value.length > 16 ? '' : value.toString('latin1')
  return name === 'event' ? text === messageName : name === 'retry' && /^\d{1,9}$/.test(text)
}

const idName = Buffer.from('id: ')

/**
 * The event as it goes on: its data, its name if it is the usual one, its retry, and no id but `id`. In the bytes in which it came where nothing
 * of them has to go; empty if nothing is left.
 *
 * @param data other data: JSON, where line breaks are white space and become blanks
 */
export function passedOn(event: SseEvent, id: string | undefined, data?: Buffer): Buffer {
  if (data === undefined && id === undefined && event.plain) return event.raw
  const kept = keptLines(event.raw, id, data === undefined)
  if (data !== undefined) kept.push(Buffer.from('data: '), flattened(data), feed)
  return kept.length === 0 ? nothing : Buffer.concat([...kept, feed])
}

function keptLines(raw: Buffer, id: string | undefined, withData: boolean): Buffer[] {
  const kept: Buffer[] = []
  let name = id
  for (const one of lines(raw)) {
    if (one.line.length === 0) continue
    // In its place, which some readers of lines may count on; of several only one.
    if (one.name === 'id' && name !== undefined) {
      kept.push(idName, Buffer.from(name), feed)
      name = undefined
    } else if (one.name === 'data' ? withData : isPlain(one)) kept.push(one.line, feed)
  }
  return kept
}

function flattened(data: Buffer): Buffer {
  const flat = Buffer.from(data)
  for (let i = 0; i < flat.length; i++) if (flat[i] === lf || flat[i] === cr) flat[i] = 0x20
  return flat
}
