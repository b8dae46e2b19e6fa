import { describe, expect, test } from 'vitest'
import { reply } from './reply.ts'
import type { ReplyHooks } from './reply.ts'

function recorded(maxBacklog = 1000) {
  const said: string[] = []
  const hooks: ReplyHooks = {
    cancelled: () => void said.push('cancelled'),
    slow: isSlow => void said.push(isSlow ? 'slow' : 'caught up'),
  }
  const answer = reply(
    {
      head: (status, headers) => void said.push(`${status} ${String(headers['content-type'])}`),
      data: chunk => void said.push(chunk.toString()),
      end: () => void said.push('end'),
      fail: code => void said.push(code),
      refuse: denial => void said.push(JSON.stringify(denial)),
    },
    maxBacklog,
    hooks,
  )
  return { answer, said }
}

const started = () => Promise.resolve()
const message = (text: string) => Buffer.from(text)

describe('reply', () => {
  test('says nothing before its caller holds the call', async () => {
    const { answer, said } = recorded()
    answer.answer(message('{}'))
    expect(said).toEqual([])
    await started()
    expect(said).toEqual(['200 application/json', '{}', 'end'])
  })

  test('says one final word and nothing after it', async () => {
    const { answer, said } = recorded()
    await started()
    answer.event(message('1'))
    answer.answer(message('2'))
    answer.answer(message('3'))
    answer.event(message('4'))
    answer.fail('Busy', '')
    answer.end()
    expect(said).toEqual(['200 text/event-stream', 'data: 1\n\n', 'data: 2\n\n', 'end'])
    expect(answer.open).toBe(false)
  })

  test('tells a failure once, before or after the head', async () => {
    const { answer, said } = recorded()
    await started()
    answer.event(message('1'))
    answer.fail('UpstreamUnreachable', '')
    answer.fail('Busy', '')
    expect(said).toEqual(['200 text/event-stream', 'data: 1\n\n', 'UpstreamUnreachable'])
  })

  test('after cancel nothing more is said, and it is told once', async () => {
    const { answer, said } = recorded()
    await started()
    answer.event(message('1'))
    answer.call.cancel()
    answer.call.cancel()
    answer.answer(message('2'))
    expect(said).toEqual(['200 text/event-stream', 'data: 1\n\n', 'cancelled'])
  })

  test('cancel after the final word is no cancellation, though the word was not read yet', async () => {
    const { answer, said } = recorded()
    answer.call.pause()
    answer.answer(message('1'))
    await started()
    answer.call.cancel()
    answer.call.resume()
    expect(said).toEqual([])
  })

  test('a paused caller gets everything later and in order, and its slowness is told when it begins and ends', async () => {
    const { answer, said } = recorded(20)
    await started()
    answer.call.pause()
    answer.event(message('1111'))
    answer.event(message('2222'))
    answer.event(message('3333'))
    answer.answer(message('4444'))
    expect(said).toEqual(['slow'])
    answer.call.resume()
    const events = ['1111', '2222', '3333', '4444'].map(text => `data: ${text}\n\n`)
    expect(said.filter(text => text !== 'slow' && text !== 'caught up')).toEqual([
      '200 text/event-stream',
      ...events,
      'end',
    ])
    expect(said.filter(text => text === 'caught up')).toHaveLength(1)
  })

  test('a slow caller that goes away is slow no more', async () => {
    const { answer, said } = recorded(5)
    await started()
    answer.call.pause()
    answer.event(message('1111'))
    answer.call.cancel()
    expect(said).toEqual(['slow', 'caught up', 'cancelled'])
  })

  test('a caller may pause within a chunk', async () => {
    const said: string[] = []
    const answer = reply(
      {
        head: () => undefined,
        data(chunk) {
          said.push(chunk.toString())
          answer.call.pause()
        },
        end: () => void said.push('end'),
        fail: () => undefined,
        refuse: () => undefined,
      },
      1000,
      { cancelled() {}, slow() {} },
    )
    await started()
    answer.event(message('1'))
    answer.answer(message('2'))
    expect(said).toEqual(['data: 1\n\n'])
    answer.call.resume()
    expect(said).toEqual(['data: 1\n\n', 'data: 2\n\n'])
    answer.call.resume()
    expect(said.at(-1)).toBe('end')
  })

  test('a refusal of the bridge is no answer of its own: it goes to whoever refuses, with the id as it was spelled', async () => {
    const { answer, said } = recorded()
    answer.refuse('RequestIdInUse', '9007199254740993')
    answer.refuse('SessionNotFound')
    await started()
    expect(said).toEqual(['{"stage":"bridge","code":"RequestIdInUse","id":"9007199254740993"}'])
  })
})
