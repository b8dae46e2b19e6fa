import { expect, test, vi } from 'vitest'
import { LineWriter, type ByteSink } from './line-writer.ts'

const heard = () => {
  const said: string[] = []
  const notices = {
    failed: (error: Error) => void said.push(error.message),
    recovered: () => void said.push('recovered'),
    noticed: (what: string) => void said.push(what),
  }
  return { said, notices }
}

// A disk that takes a write and never answers cannot be had on demand, nor can one that takes a file away between two halves of a chunk.
function slowDisk(): ByteSink & { readonly got: string[]; answer(): void } {
  let waiting: (() => void) | undefined
  const got: string[] = []
  return {
    got,
    answer: () => waiting?.(),
    write: bytes =>
      new Promise(resolve => {
        waiting = () => {
          got.push(bytes.toString())
          resolve(bytes.length)
        }
      }),
    locate: () => Promise.resolve('kept'),
    close: () => Promise.resolve(),
  }
}

test('a write that does not come back stalls the sink, and when it does all goes on', async () => {
  vi.useFakeTimers()
  try {
    const { said, notices } = heard()
    const disk = slowDisk()
    const outlet = new LineWriter(disk, 1000, notices)
    outlet.write('1\n')
    await vi.advanceTimersByTimeAsync(4000)
    expect(outlet.stalled()).toBe(false)
    await vi.advanceTimersByTimeAsync(2000)
    expect(outlet.stalled()).toBe(true)
    disk.answer()
    await vi.advanceTimersByTimeAsync(0)
    expect(outlet.stalled()).toBe(false)
    expect(disk.got).toEqual(['1\n'])
    expect(said).toEqual(['a write does not come back', 'recovered'])
  } finally {
    vi.useRealTimers()
  }
})

test('a write that does not come back does not keep the process from ending', async () => {
  vi.useFakeTimers()
  try {
    const outlet = new LineWriter(slowDisk(), 1000, heard().notices)
    outlet.write('1\n')
    let isClosed = false
    void outlet.close().then(() => (isClosed = true))
    await vi.advanceTimersByTimeAsync(6000)
    expect(isClosed).toBe(true)
  } finally {
    vi.useRealTimers()
  }
})

test.each([
  ['removed', ['1111\n2222\n', '3333\n']],
  ['moved', ['2222\n', '3333\n']],
] as const)('a chunk whose file was %s half-way begins anew with a whole line', async (kept, goesOn) => {
  vi.useFakeTimers()
  try {
    const got: string[] = []
    let isFirst = true
    const drain: ByteSink = {
      write(bytes) {
        if (!isFirst || got.length > 0) {
          if (isFirst) return Promise.reject(new Error('no room'))
          got.push(bytes.toString())
          return Promise.resolve(bytes.length)
        }
        got.push(bytes.toString('utf8', 0, 7))
        return Promise.resolve(7)
      },
      locate() {
        const answer = isFirst ? kept : 'kept'
        isFirst = false
        return Promise.resolve(answer)
      },
      close: () => Promise.resolve(),
    }
    const outlet = new LineWriter(drain, 1000, heard().notices)
    outlet.write('1111\n2222\n')
    await vi.advanceTimersByTimeAsync(200)
    expect(outlet.stalled()).toBe(true)
    outlet.write('3333\n')
    await vi.advanceTimersByTimeAsync(2000)
    expect(got).toEqual(['1111\n22', ...goesOn])
  } finally {
    vi.useRealTimers()
  }
})
