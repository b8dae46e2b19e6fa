import { expect, test } from 'vitest'
import { addressOf } from './server-probe.ts'

test.each([
  ['/', '/'],
  ['/ready', '/ready'],
  ['/ready?deep=1', '/ready?deep=1'],
  ['/ready?a=1?b=2', '/ready?a=1?b=2'],
  ['/ready?', '/ready?'],
  ['/a#b', '/a%23b'],
  ['//other.example:9/x', '//other.example:9/x'],
  ['/\\other.example/x', '//other.example/x'],
  ['/../../x', '/x'],
  ['/@other.example', '/@other.example'],
])('the path %s is asked at the address of the server', (path, asked) => {
  expect(addressOf('http://one.example:8080/mcp?key=1', path)).toBe(`http://one.example:8080${asked}`)
})
