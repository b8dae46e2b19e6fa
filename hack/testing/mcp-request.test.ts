import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { open, until } from './mcp-request.ts'

describe('reading an open answer', () => {
  let server: Server
  let url: string
  let answer: ServerResponse
  beforeAll(async () => {
    server = createServer((_, response) => {
      answer = response
      response.flushHeaders()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  test('piece by piece leaves no listener behind', async () => {
    const res = await open(url, {})
    const before = [res.listenerCount('readable'), res.listenerCount('close')]
    for (let piece = 0; piece < 20; piece++) {
      const read = until(res, `${piece};`)
      answer.write(`${piece};`)
      expect(await read).toBe(`${piece};`)
    }
    expect([res.listenerCount('readable'), res.listenerCount('close')]).toEqual(before)
    res.cancel()
  })

  test('that ends before, or has ended already, tells what came', async () => {
    const res = await open(url, {})
    const read = until(res, 'all of it')
    answer.end('a part')
    await expect(read).rejects.toThrow('the stream ended after: a part')
    await expect(until(res, 'more')).rejects.toThrow('the stream ended after: ')
  })
})
