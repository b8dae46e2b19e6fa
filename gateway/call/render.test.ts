import { expect, test } from 'vitest'
import { acceptedCredentials } from '../auth/accepted.ts'
import type { Denial } from '../exchange.ts'
import { render } from './render.ts'

const headersOf = (denial: Denial) => render(denial, { decision: 'd', accepted: acceptedCredentials([]) }).headers

test.each([
  [0.2, '1'],
  [30, '30'],
  [-4, '0'],
  [Infinity, '86400'],
])('a limit that says %s seconds is told in whole ones', (retryAfter, told) => {
  expect(headersOf({ stage: 'limit', code: 'Busy', retryAfter })['Retry-After']).toBe(told)
})

test('a challenge holds nothing that no header can hold', () => {
  const challenge = 'Bearer error_description="caf\u00e9\r\nSet-Cookie: a=b"'
  expect(headersOf({ stage: 'authenticate', code: 'Unauthenticated', challenge })['WWW-Authenticate']).toBe(
    'Bearer error_description="caf   Set-Cookie: a=b"',
  )
})
