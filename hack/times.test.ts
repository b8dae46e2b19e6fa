import { expect, test } from 'vitest'
import { told } from './times.ts'

test('the sum of the fast test files is told, and which of them take longest', () => {
  const took = { 'a/slow.test.ts': 100, 'a/one.test.ts': 1, 'b/two.test.ts': 12.4, 'b/three.test.ts': 3 }
  const testResults = Object.entries(took).map(([file, seconds]) => ({
    name: `/root/${file}`,
    startTime: 5000,
    endTime: 5000 + seconds * 1000,
  }))
  expect(told({ testResults }, ['a/slow.test.ts'], '/root')).toEqual([
    '4 test files took 116 s one by one, the 3 of "npm run test:fast" 16 s; of these the slowest:',
    '  12 s b/two.test.ts',
    '   3 s b/three.test.ts',
    '   1 s a/one.test.ts',
  ])
})
