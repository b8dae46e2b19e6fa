import { ChunkBuffer } from '../../http/chunk-buffer.ts'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20

/** How much of the two ends of a line that is too long is told. */
const END = 256

/**
 * A message as one line without its end: raw CR and LF become spaces. Valid JSON has them only between tokens, so nothing that means something
 * changes and nothing is written anew. A buffer without them is returned as it is.
 */
export function oneLine(message: Buffer): Buffer {
  if (!message.includes(LF) && !message.includes(CR)) return message
  const line = Buffer.from(message)
  for (let i = 0; i < line.length; i++) if (line[i] === LF || line[i] === CR) line[i] = SPACE
  return line
}

/**
 * Splits a stream into lines at LF. A line of more than `maxBytes` is never held: it is skipped to its end, and `tooLong` gets its first and its
 * last bytes. Empty lines are not lines.
 */
export function lineReader(
  maxBytes: number,
  line: (bytes: Buffer) => void,
  tooLong: (head: string, tail: string) => void,
): (chunk: Buffer) => void {
  const gathered = new ChunkBuffer()
  let head: string | undefined
  let tail: Buffer = Buffer.alloc(0)

  const add = (part: Buffer): void => {
    if (head !== undefined) {
      tail = Buffer.concat([tail, part.subarray(-END)]).subarray(-END)
      return
    }
    if (part.length > 0) gathered.push(part)
    if (gathered.length <= maxBytes) return
    const whole = gathered.take()
    head = whole.toString('latin1', 0, END)
    tail = Buffer.from(whole.subarray(-END))
  }

  const finish = (): void => {
    const whole = gathered.take()
    const cut = head
    head = undefined
    if (cut !== undefined) tooLong(cut, tail.toString('latin1'))
    else if (whole.length > 0) line(whole)
  }

  return function read(chunk) {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      add(chunk.subarray(start, end))
      finish()
      start = end + 1
    }
    if (start < chunk.length) add(chunk.subarray(start))
  }
}
