import { afterEach, describe, expect, test } from 'vitest'
import { closeAll, done, fixture, initialize, modernTool, textOf, tool, upstream } from './stdio/testdata/client.ts'

afterEach(closeAll)

describe('a legacy child', () => {
  test('initialize opens a session and the calls of the session reach its process', async () => {
    const server = upstream(fixture('child.ts'))
    const session = await initialize(server)
    expect(session).toMatch(/^[\x21-\x7e]+$/)
    const heard = await done(server, { session, body: tool('1', 'echo', { text: 'hi' }) })
    expect([heard.status, heard.headers['content-type'], textOf(heard)]).toEqual([200, 'application/json', 'hi'])
  })

  test('a modern request gets a 400 without a modern code, so that clients fall back', async () => {
    const server = upstream(fixture('child.ts'))
    const heard = await done(server, { body: modernTool('9007199254740993', 'echo') })
    expect(heard.status).toBe(400)
    expect(heard.body).toContain('"id":9007199254740993')
    expect(heard.messages()[0]).toMatchObject({ error: { code: -32000 } })
  })
})
