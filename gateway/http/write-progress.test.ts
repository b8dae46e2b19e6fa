import { expect, test } from 'vitest'
import { WriteProgress } from './write-progress.ts'

const second = 1000

test('whoever takes nothing is late after the time that the bytes may take', () => {
  const taking = new WriteProgress()
  taking.wrote(640 * 1024)
  expect(taking.isLate(640 * 1024, 0)).toBe(false)
  expect(taking.isLate(640 * 1024, 40 * second)).toBe(false)
  expect(taking.isLate(640 * 1024, 41 * second)).toBe(true)
})

test('a head that goes before what was written takes no time away', () => {
  const taking = new WriteProgress()
  taking.wrote(100)
  expect(taking.isLate(300, 5_000 * second)).toBe(false)
  expect(taking.isLate(300, 5_001 * second)).toBe(false)
  expect(taking.isLate(300, 5_031 * second)).toBe(true)
})

test('a byte a minute is no progress that counts', () => {
  const taking = new WriteProgress()
  taking.wrote(100_000)
  expect(taking.isLate(100_000, 0)).toBe(false)
  expect(taking.isLate(99_999, 20 * second)).toBe(false)
  expect(taking.isLate(99_998, 40 * second)).toBe(true)
})

test('no time runs while there is nothing to take', () => {
  const taking = new WriteProgress()
  expect(taking.isLate(0, 0)).toBe(false)
  expect(taking.isLate(0, 1000 * second)).toBe(false)
  taking.wrote(10)
  expect(taking.isLate(10, 2000 * second)).toBe(false)
  expect(taking.isLate(0, 2020 * second)).toBe(false)
  expect(taking.isLate(0, 9000 * second)).toBe(false)
})

test('a stream that is always a little behind, and always taken, goes on', () => {
  const taking = new WriteProgress()
  for (let at = 0; at < 100; at += 1) {
    taking.wrote(5000)
    expect(taking.isLate(4000, at * 10 * second)).toBe(false)
  }
})
