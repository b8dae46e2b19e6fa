import { expect, test } from 'vitest'
import { accepts } from './accepts.ts'

const both = ['application/json', 'text/event-stream']

test.each([
  ['application/json, text/event-stream', true],
  ['text/event-stream;q=0.9,application/json;q=1', true],
  ['Application/JSON, TEXT/event-stream', true],
  ['*/*', true],
  ['application/*, text/*', true],
  ['application/json', false],
  ['text/event-stream', false],
  ['application/jsonp, text/event-stream', false],
  ['', false],
  [undefined, false],
])('Accept: %s lists JSON and event streams: %s', (header, expected) => {
  expect(accepts(header, both)).toBe(expected)
})
