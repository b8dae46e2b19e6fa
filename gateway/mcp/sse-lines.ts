/** One line of an event stream: `name` is empty for a comment. */
export type SseLine = { readonly line: Buffer; readonly name: string; readonly value: Buffer }

const cr = 0x0d
const lf = 0x0a
const colon = 0x3a
const blank = 0x20

/** The lines of a block without their breaks (CR LF, LF or CR). Slices, no copies. */
export function* lines(raw: Buffer): Generator<SseLine, void> {
  let start = 0
  while (start < raw.length) {
    const end = lineEnd(raw, start)
    yield field(raw.subarray(start, end))
    start = raw[end] === cr && raw[end + 1] === lf ? end + 2 : end + 1
  }
}

function lineEnd(raw: Buffer, start: number): number {
  const feed = raw.indexOf(lf, start)
  const until = feed === -1 ? raw.length : feed
  const found = raw.subarray(start, until).indexOf(cr)
  return found === -1 ? until : start + found
}

function field(line: Buffer): SseLine {
  const at = line.indexOf(colon)
  if (at === -1) return { line, name: line.toString('utf8'), value: line.subarray(line.length) }
  return { line, name: line.toString('utf8', 0, at), value: line.subarray(line[at + 1] === blank ? at + 2 : at + 1) }
}
