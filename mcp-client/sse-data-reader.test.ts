import { expect, test } from 'vitest'
import { SseDataReader } from './sse-data-reader.ts'

const read = (text: string, size: number): string[] => {
  const events = new SseDataReader()
  const bytes = Buffer.from(text)
  const found: string[] = []
  for (let at = 0; at < bytes.length; at += size) found.push(...events.push(bytes.subarray(at, at + size)))
  return [...found, ...events.end()]
}

test.each([
  ['line feeds', 'data: a\n\ndata: b\n\n', ['a', 'b']],
  ['carriage returns', 'data: a\r\rdata: b\r\r', ['a', 'b']],
  ['both', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
  ['several lines of data', 'data: a\ndata:b\ndata:  c\n\n', ['a\nb\n c']],
  ['comments and other fields', ': data: x\nid: 1\nevent: data\ndatum: y\ndata: a\n\n', ['a']],
  ['events without data', '\n\nid: 1\n\ndata\n\ndata: a\n\n', ['a']],
  ['no blank line at its end', 'data: a\n\ndata: b', ['a', 'b']],
  ['a byte order mark before it', '\ufeffdata: a\n\n', ['a']],
  ['characters of several bytes', 'data: \u00fc\u{1f600}\n\n', ['\u00fc\u{1f600}']],
])('a stream with %s is the same in chunks of any size', (_, text, events) => {
  for (const size of [1, 2, 3, 7, 1000]) expect(read(text, size)).toEqual(events)
})
