import { ByteBuffer } from './byte-buffer.ts'

const lf = 0x0a
const cr = 0x0d
const blank = 0x20
const mark = Buffer.from('\ufeff')
const name = Buffer.from('data')
const colon = 0x3a

/** The data of the events of a `text/event-stream` (HTML standard, section 9.2). Each byte is looked at once, whatever the chunks are. */
export class SseDataReader {
  readonly #line = new ByteBuffer()
  readonly #data = new ByteBuffer()
  #isFirst = true
  #afterCr = false

  /** The events that have come to an end with this chunk. */
  push(chunk: Buffer): string[] {
    const found: string[] = []
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte !== lf && byte !== cr) {
        this.#afterCr = false
        continue
      }
      const isSecond = byte === lf && this.#afterCr
      this.#afterCr = byte === cr
      if (!isSecond) found.push(...this.#end(chunk.subarray(start, at)))
      start = at + 1
    }
    this.#line.push(chunk.subarray(start))
    return found
  }

  /** The stream has ended. Some servers leave out the last blank line. */
  end(): string[] {
    return [...this.#end(Buffer.alloc(0)), ...this.#event()]
  }

  #end(rest: Buffer): string[] {
    this.#line.push(rest)
    const line = this.#unmarked(this.#line.take())
    if (line.length === 0) return this.#event()
    if (!line.subarray(0, name.length).equals(name)) return []
    if (line.length > name.length && line[name.length] !== colon) return []
    const from = name.length + 1
    this.#data.push(line.subarray(line[from] === blank ? from + 1 : from))
    this.#data.push(Buffer.of(lf))
    return []
  }

  #event(): string[] {
    const data = this.#data.take()
    return data.length > 1 ? [data.toString('utf8', 0, data.length - 1)] : []
  }

  #unmarked(line: Buffer): Buffer {
    const isMarked = this.#isFirst && line.subarray(0, mark.length).equals(mark)
    this.#isFirst = false
    return isMarked ? line.subarray(mark.length) : line
  }
}
