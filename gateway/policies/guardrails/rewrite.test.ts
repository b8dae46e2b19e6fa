import { expect, test } from 'vitest'
import { rewrite } from './rewrite.ts'
import type { Change } from './inspect.ts'

function rewritten(json: string, ...changes: Change[]): string {
  const steps = rewrite(Buffer.from(json), changes)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value.toString()
  }
}

test('only the tokens of changed strings differ', () => {
  const json = '{ "a" : ["x",{"b":"\\u0078"}, 1e2], "__proto__":{"0":"x"},"c":[["x"]] }'
  const to = 'say "no"'
  expect(
    rewritten(
      json,
      { path: ['c', 0, 0], from: 'x', to },
      { path: ['a', 1, 'b'], from: 'x', to },
      { path: ['__proto__', '0'], from: 'x', to: 'é' },
    ),
  ).toBe('{ "a" : ["x",{"b":"say \\"no\\""}, 1e2], "__proto__":{"0":"é"},"c":[["say \\"no\\""]] }')
})

test.each<Change>([
  { path: ['b'], from: 'x', to: 'y' },
  { path: ['a', '0'], from: 'x', to: 'y' },
  { path: ['a', 1], from: 'x', to: 'y' },
  { path: ['a', 0], from: 'z', to: 'y' },
  { path: ['a', 0, 'b'], from: 'x', to: 'y' },
])('a change that does not fit the message fails: %j', change => {
  expect(() => rewritten('{"a":["x"]}', change)).toThrow('judged')
})
