import { expect, test } from 'vitest'
import { readWrk } from './load.ts'

const printed = `Running 5s test @ http://127.0.0.1:1/mcp
  1 threads and 16 connections
RESULT {"calls":1000,"errors":2,"seconds":5.000123,"p50":310.0,"p99":2200.0}
`

test('the result of wrk is the line that its script prints', () => {
  expect(readWrk(printed)).toEqual({ calls: 1000, errors: 2, seconds: 5.000123, p50: 310, p99: 2200 })
})

test('what is not the result of a run is refused', () => {
  expect(() => readWrk(printed.replace('5.000123', '0'))).toThrow('Too small')
  expect(() => readWrk('unable to connect')).toThrow('wrk printed no result')
})
