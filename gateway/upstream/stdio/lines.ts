const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20

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
 * Splits a stream into lines at LF. A line of more than `maxBytes` is never held: it is skipped to its end and reported by `tooLong`.
 * Empty lines are not lines.
 */
export function lineReader(maxBytes: number, line: (bytes: Buffer) => void, tooLong: () => void) {
  let parts: Buffer[] = []
  let held = 0
  let skipping = false

  const add = (part: Buffer): void => {
    if (skipping) return
    held += part.length
    if (held <= maxBytes) {
      parts.push(part)
      return
    }
    skipping = true
    parts = []
  }

  const finish = (): void => {
    const found = skipping ? undefined : parts.length === 1 ? parts[0] : Buffer.concat(parts)
    parts = []
    held = 0
    skipping = false
    if (found === undefined) tooLong()
    else if (found.length > 0) line(found)
  }

  return function read(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      add(chunk.subarray(start, end))
      finish()
      start = end + 1
    }
    if (start < chunk.length) add(chunk.subarray(start))
  }
}
