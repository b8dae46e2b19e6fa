import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idOfLong } from './arrival.ts'
import { lineReader, oneLine } from './lines.ts'

function linesOf(chunks: readonly Buffer[], maxBytes: number) {
  const lines: string[] = []
  const cut: [string, string][] = []
  const read = lineReader(
    maxBytes,
    line => lines.push(line.toString('latin1')),
    (head, tail) => cut.push([head, tail]),
  )
  for (const chunk of chunks) read(chunk)
  return { lines, cut }
}

describe('lineReader', () => {
  test('gives the same lines however the stream is cut into chunks', () => {
    const text = fc.stringMatching(/^[ab\n]{0,60}$/)
    fc.assert(
      fc.property(text, fc.array(fc.nat(60)), fc.integer({ min: 1, max: 8 }), (stream, cuts, maxBytes) => {
        const edges = [0, ...cuts.filter(cut => cut < stream.length), stream.length].toSorted((a, b) => a - b)
        const chunks = edges.slice(1).map((edge, at) => Buffer.from(stream.slice(edges[at], edge)))
        const ended = stream.split('\n').slice(0, -1)
        const { lines, cut } = linesOf(chunks, maxBytes)
        expect(lines).toEqual(ended.filter(line => line.length > 0 && line.length <= maxBytes))
        const long = ended.filter(line => line.length > maxBytes)
        expect(cut.map(([, tail]) => tail)).toEqual(long)
        cut.forEach(([head], at) => expect(long[at]?.startsWith(head) === true && head.length > maxBytes).toBe(true))
      }),
    )
  })

  test('of a line that is too long it tells both ends, and holds no more than that', () => {
    const line = `${'a'.repeat(300)}${'b'.repeat(10_000)}${'c'.repeat(300)}`
    const { lines, cut } = linesOf(
      [Buffer.from(line.slice(0, 500)), Buffer.from(line.slice(500)), Buffer.from('\nx\n')],
      400,
    )
    expect(lines).toEqual(['x'])
    expect(cut).toEqual([['a'.repeat(256), 'c'.repeat(256)]])
  })
})

describe('oneLine', () => {
  test('leaves a buffer without line ends as it is, and changes nothing else in others', () => {
    const plain = Buffer.from('{"a":"\\n"}')
    expect(oneLine(plain)).toBe(plain)
    const pretty = Buffer.from('{\r\n"a":\n1}')
    expect(oneLine(pretty).toString()).toBe('{  "a": 1}')
    expect(pretty.toString()).toBe('{\r\n"a":\n1}')
  })
})

describe('idOfLong', () => {
  test.each([
    ['{"jsonrpc":"2.0","id":7,"result":{', '}', '7'],
    ['{"jsonrpc": "2.0", "id": "a\\"b", "error": {', '}', '"a\\"b"'],
    ['{"result":{"', '"},"jsonrpc":"2.0","id":9007199254740993}', '9007199254740993'],
    ['{"result":{"', '"},"id":"x","jsonrpc":"2.0"}\r', '"x"'],
    ['{"result":{"', '"x","id":5}}', undefined],
    ['{"method":"a/b","params":{', '},"jsonrpc":"2.0","id":5}', undefined],
    ['{"jsonrpc":"2.0","id":5,"method":"a/b","params":{', '}}', undefined],
  ])('%s…%s is %s', (head, tail, id) => {
    expect(idOfLong(head, tail)).toBe(id)
  })
})
