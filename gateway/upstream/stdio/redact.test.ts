import { describe, expect, test } from 'vitest'
import { redactor } from './redact.ts'

const secret = 'p@ss/w+rd "9f3a" ÿÿÿ~~~ end-of-it'

/** Every twelve characters in a row. */
const pieces = (text: string) => Array.from({ length: text.length - 11 }, (_, at) => text.slice(at, at + 12))

describe('redactor', () => {
  const redact = redactor({ API_KEY: secret })

  test.each([
    ['as it is', secret],
    ['its last twelve characters', `…${secret.slice(-12)}`],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64url', Buffer.from(secret).toString('base64url')],
    ['base64 one byte behind', Buffer.from(`x${secret}y`).toString('base64')],
    ['base64 two bytes behind', Buffer.from(`xx${secret}yy`).toString('base64')],
    ['hex', Buffer.from(secret).toString('hex')],
    ['upper-case hex', Buffer.from(secret).toString('hex').toUpperCase()],
    ['percent', encodeURIComponent(secret)],
    ['JSON', JSON.stringify({ key: secret })],
  ])('hides a value %s', (_, text) => {
    const hidden = redact(`before ${text} after`)
    expect(hidden).toContain('[API_KEY]')
    const rest = hidden.replaceAll('[API_KEY]', '')
    expect(pieces(text).filter(piece => rest.includes(piece))).toEqual([])
  })

  test('hides every line of a value that has several', () => {
    const pem = redactor({ PEM: '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQE\n' })
    expect(pem('kqhkiG9w0BAQE and MIIEvQIBADANBg')).toBe('[PEM] and [PEM]')
  })

  test('leaves short words such as true alone', () => {
    expect(redactor({ DEBUG: 'true' })('it is true')).toBe('it is true')
  })

  test('hides the longer of two values of which one contains the other', () => {
    const both = redactor({ SHORT: 'abcdefgh', LONG: 'abcdefghijkl' })
    expect(both('abcdefghijkl abcdefgh')).toBe('[LONG] [SHORT]')
  })
})
