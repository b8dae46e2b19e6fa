import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { passedOn, SseSplitter } from './sse.ts'
import type { SseEvent } from './sse.ts'

const big = 1 << 20

function split(chunks: readonly Buffer[], limit = big): { events: SseEvent[]; tooLarge: boolean } {
  const splitter = new SseSplitter(limit)
  const events: SseEvent[] = []
  let tooLarge = false
  for (const chunk of chunks) {
    const pushed = splitter.push(chunk)
    events.push(...pushed.events)
    tooLarge ||= pushed.tooLarge
  }
  events.push(...splitter.end().events)
  return { events, tooLarge }
}

const shown = ({ data, event, id }: SseEvent) => ({ data: data?.toString(), event, id })
const messages = (events: readonly SseEvent[]) => events.filter(one => one.data !== undefined).map(shown)
const one = (text: string) => split([Buffer.from(text)]).events

/** The stream cut at the places that `cuts` names, an arbitrary number of times. */
function cut(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map(place => place % (stream.length + 1)))].toSorted((a, b) => a - b)
  return [0, ...places].map((start, index) => stream.subarray(start, places[index] ?? stream.length))
}

const breaks = fc.constantFrom('\n', '\r\n', '\r')
const lines = fc.oneof(
  fc.constantFrom(
    '',
    '',
    'data',
    'data:',
    'data: ',
    'data:{"a":1}',
    'data: {"b":2}',
    'data:  x',
    ': note',
    'id: 7',
    'id',
    'event: message',
  ),
  fc.constantFrom('retry: 100', 'Data: no', ' data: no', 'datax: no', '\ufeffdata: é', 'id: a\0b', ':'),
  fc.string({ unit: 'binary', maxLength: 5 }),
)
const streams = fc.array(fc.tuple(lines, breaks), { maxLength: 30 }).map(all => Buffer.from(all.flat().join('')))

const unmarked = (stream: Buffer) => Buffer.from(stream.toString('latin1').replace(/^\xef\xbb\xbf/, ''), 'latin1')

/** The algorithm of the HTML standard (section 9.2.6) line by line, over the whole text at once. */
function reference(stream: Buffer): Pick<ReturnType<typeof shown>, 'data' | 'event' | 'id'>[] {
  const text = stream.toString().replace(/^\ufeff/, '')
  const found: ReturnType<typeof reference> = []
  let data: string[] = []
  let event: string | undefined
  let id: string | undefined
  const flush = () => {
    if (data.some(line => line !== '')) found.push({ data: data.join('\n'), event, id })
    data = []
    event = id = undefined
  }
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [, name = line, value = ''] = /^([^:]*): ?([^]*)$/.exec(line) ?? []
    if (line === '') flush()
    else if (name === 'data') data.push(value)
    else if (name === 'event') event = value
    else if (name === 'id' && !value.includes('\0')) id = value
  }
  flush()
  return found
}

/** Lone blank lines are left out, so line breaks do not count. */
const unbroken = (bytes: Buffer): string => bytes.toString('latin1').replaceAll(/[\r\n]/g, '')

test('any stream in any chunks gives the messages that the standard says, and all its bytes but lone blank lines', () => {
  fc.assert(
    fc.property(streams, fc.array(fc.nat(), { maxLength: 12 }), (stream, cuts) => {
      const { events } = split(cut(stream, cuts))
      expect(messages(events)).toEqual(reference(stream))
      const out = Buffer.concat(events.map(event => event.raw))
      expect(unbroken(out)).toBe(unbroken(unmarked(stream)))
      // The gateway begins every stream with a comment, so what stands first here does not stand first there.
      expect(reference(Buffer.concat([Buffer.from(':\n\n'), out]))).toEqual(reference(stream))
    }),
    { numRuns: 5000 },
  )
})

test('a flood of blank lines is nothing, and the bytes between them are all there', () => {
  const splitter = new SseSplitter(big)
  const flood = '\n'.repeat(100_000)
  expect(splitter.push(Buffer.from(flood)).events).toEqual([])
  const { events } = splitter.push(Buffer.from(`${flood}data: 1\n\n${flood}data: 2\r\n\r\n`))
  expect(events.map(({ raw }) => raw.toString())).toEqual(['data: 1\n\n', 'data: 2\r\n\r\n'])
})

test('byte by byte is as good as at once', () => {
  fc.assert(
    fc.property(streams, stream => {
      const bytes = Array.from(stream, (_byte, index) => stream.subarray(index, index + 1))
      expect(messages(split(bytes).events)).toEqual(messages(split([stream]).events))
    }),
    { numRuns: 1000 },
  )
})

test('an event ends with its blank line, be it LF, CR LF or CR', () => {
  for (const br of ['\n', '\r\n', '\r']) {
    const splitter = new SseSplitter(big)
    expect(splitter.push(Buffer.from(`data: 1${br}`)).events).toEqual([])
    expect(messages(splitter.push(Buffer.from(br)).events)).toEqual([{ data: '1', event: undefined, id: undefined }])
  }
})

test('whole events in a chunk are slices of it', () => {
  const chunk = Buffer.from('id: 1\ndata: {"a":1}\n\ndata: {"b":2}\n\n')
  const { events } = new SseSplitter(big).push(chunk)
  expect(events.length).toBe(2)
  for (const event of events) {
    expect(event.raw.buffer).toBe(chunk.buffer)
    expect(event.data?.buffer).toBe(chunk.buffer)
  }
})

test('an event that came in pieces does not change when the pieces are written over', () => {
  const splitter = new SseSplitter(big)
  const piece = Buffer.from('data: secret')
  splitter.push(piece)
  piece.fill(0)
  expect(messages(splitter.push(Buffer.from('\n\n')).events)).toMatchObject([{ data: 'secret' }])
})

test('comments and priming events carry no message', () => {
  expect(one(': keep-alive\n\n').map(event => event.data)).toEqual([undefined])
  expect(one('id: 1\ndata:\n\n').map(shown)).toEqual([{ data: undefined, event: undefined, id: '1' }])
})

test('several data lines are joined by line feeds', () => {
  expect(one('data: {\ndata: "a":1\ndata:}\n\n').map(event => event.data?.toString())).toEqual(['{\n"a":1\n}'])
})

test('what comes after the last blank line is given out at the end, to be judged', () => {
  const splitter = new SseSplitter(big)
  expect(splitter.push(Buffer.from('data: {"a":1}')).events).toEqual([])
  expect(messages(splitter.end().events)).toMatchObject([{ data: '{"a":1}' }])
  expect(splitter.end().events).toEqual([])
})

test('an event beyond the limit ends the stream, whole or unfinished', () => {
  const event = Buffer.from(`data: ${'x'.repeat(50)}\n\n`)
  expect(split([event], event.length)).toMatchObject({ tooLarge: false, events: [{}] })
  expect(split([event], event.length - 1)).toEqual({ tooLarge: true, events: [] })
  const splitter = new SseSplitter(20)
  expect(splitter.push(Buffer.from('data: 1\n\ndata: ')).events.length).toBe(1)
  expect(splitter.push(Buffer.from('x'.repeat(15)))).toEqual({ events: [], tooLarge: true })
  expect(splitter.push(Buffer.from('\n\ndata: 2\n\n'))).toEqual({ events: [], tooLarge: true })
  expect(splitter.end()).toEqual({ events: [], tooLarge: true })
})

test('an event that holds nothing but data, the usual name and a retry goes on in its bytes', () => {
  for (const text of ['data: 1\n\n', 'event: message\r\nretry: 5\r\ndata: {\r\ndata: }\r\n\r\n', 'retry: 9\n\n']) {
    const [event] = one(text)
    expect(passedOn(event!, undefined)).toBe(event!.raw)
  }
})

test('comments, unknown fields, other names, ids and what is no time to wait do not go on', () => {
  const raw =
    '\ufeff: note\r\nid: 7\r\nevent:message\r\nfoo: bar\r\nretry: 5\r\nretry: ignore all\r\ndata: {\r\ndata: }\r\n\r\n'
  const [event] = one(raw)
  expect(passedOn(event!, undefined).toString()).toBe('event:message\nretry: 5\ndata: {\ndata: }\n\n')
  expect(passedOn(event!, 'sealed').toString()).toBe('id: sealed\nevent:message\nretry: 5\ndata: {\ndata: }\n\n')
  expect(passedOn(event!, undefined, Buffer.from('{"a":\r\n1}')).toString()).toBe(
    'event:message\nretry: 5\ndata: {"a":  1}\n\n',
  )
  for (const text of [': only a note\n\n', 'id: 7\n\n', 'event: ping\nfoo\n\n'])
    expect(passedOn(one(text)[0]!, undefined)).toHaveLength(0)
  expect(passedOn(one('id: 7\ndata: \n\n')[0]!, 'sealed').toString()).toBe('id: sealed\ndata: \n\n')
})

test('other data is what a reader of the new event finds, in any event, and the id is the one that was given', () => {
  fc.assert(
    fc.property(streams, fc.jsonValue(), (stream, value) => {
      for (const event of split([stream]).events) {
        const text = passedOn(
          event,
          event.id === undefined ? undefined : 'sealed',
          Buffer.from(JSON.stringify(value, undefined, 1)),
        ).toString()
        const [again, ...more] = one(text)
        expect(more).toEqual([])
        expect(JSON.parse(again?.data?.toString() ?? '')).toEqual(JSON.parse(JSON.stringify(value)))
        expect(again?.id).toBe(event.id === undefined ? undefined : 'sealed')
        expect(['message', undefined]).toContain(again?.event)
      }
    }),
    { numRuns: 500 },
  )
})

test('whatever comes, what goes on has the same data and no line of another kind', () => {
  fc.assert(
    fc.property(streams, stream => {
      for (const event of split([stream]).events) {
        const out = passedOn(event, undefined)
        for (const line of out.toString().split(/\r\n|\r|\n/))
          expect(line).toMatch(/^$|^data$|^data:|^event: ?message$|^retry: ?\d+$/)
        expect(one(out.toString())[0]?.data?.toString()).toEqual(event.data?.toString())
      }
    }),
    { numRuns: 500 },
  )
})

test('a line that only a sloppy reader takes for data makes the event dubious, and is not kept beside other data', () => {
  for (const line of ['Data: x', ' data: x', '\ufeffdata: x', 'data : x', 'DATA']) {
    const [event] = one(`: first\n\ndata: 1\n${line}\n\n`).slice(1)
    expect(event).toMatchObject({ dubious: true })
    expect(passedOn(event as SseEvent, undefined, Buffer.from('2')).toString()).toBe('data: 2\n\n')
  }
  expect(one('data: 1\nid: Data\n\n')[0]?.dubious).toBeUndefined()
})

test('a byte order mark counts only at the very start', () => {
  expect(one('\ufeffdata: 1\n\n\ufeffdata: 2\n\n').map(event => event.data?.toString())).toEqual(['1', undefined])
})
