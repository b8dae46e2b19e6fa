import type { Readable } from 'node:stream'

const maxLine = 1024 * 1024

/**
 * The lines of a stream, however long it is; one that is longer than 1 MiB is given as an empty one. Only a line feed ends a line:
 * `node:readline` also ends them at U+2028, which may stand in JSON.
 * @throws Error of the system when the stream cannot be read
 */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  let isTooLong = false
  for await (const chunk of stream) {
    let bytes = Buffer.concat([rest, chunk as Buffer])
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      yield isTooLong ? '' : bytes.toString('utf8', 0, end)
      isTooLong = false
      bytes = bytes.subarray(end + 1)
    }
    isTooLong ||= bytes.length > maxLine
    rest = isTooLong ? Buffer.alloc(0) : bytes
  }
  if (isTooLong || rest.length > 0) yield isTooLong ? '' : rest.toString('utf8')
}
