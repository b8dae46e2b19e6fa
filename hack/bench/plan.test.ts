import { expect, test } from 'vitest'
import { planOf } from './plan.ts'

test('a comparison without options takes all tools, 15 pairs and the limit against the first commit', () => {
  expect(planOf(['--against', 'HEAD'])).toEqual({
    against: 'HEAD',
    tools: ['small', 'events', 'large'],
    connections: 16,
    pairs: 15,
    starts: 7,
    limit: 1.1,
  })
})

test('one tool, more pairs and both limits can be asked for', () => {
  const args = '--against=v1 --only events --pairs 31 --limit 1.05 --memory-limit 0.5'.split(' ')
  expect(planOf(args)).toMatchObject({ tools: ['events'], pairs: 31, limit: 1.05, memoryLimit: 0.5 })
})

test.each([
  ['--pairs 14', '--pairs takes a whole number of at least 15'],
  ['--pairs many', '--pairs takes a whole number of at least 15'],
  ['--connections 0.5', '--connections takes a whole number of at least 1'],
  ['--starts 0', '--starts takes a whole number of at least 1'],
  ['--limit -1', "'--limit' argument is ambiguous"],
  ['--limit=', '--limit takes a number above 0'],
  ['--memory-limit none', '--memory-limit takes a number above 0'],
  ['--only tiny', '--only takes one of small, events, large'],
  ['--quick', "Unknown option '--quick'"],
])('%s is refused with what it takes', (args, why) => {
  expect(() => planOf(['--against', 'HEAD', ...args.split(' ')])).toThrow(why)
})
