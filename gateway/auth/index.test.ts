import { expect, test } from 'vitest'
import type { Denial, MaybePromise } from '../exchange.ts'
import { acceptedCredentials, textFor } from './accepted.ts'
import type { Authentication, Authenticator, Identity } from './authenticator.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { authentications } from './index.ts'
import { apiKey, keyAuthenticator } from './keys.ts'

const request = (more: Partial<IncomingRequest> = {}): IncomingRequest =>
  ({ headers: {}, credential: 'c', hasConflict: false, now: 0, ...more }) as IncomingRequest

const grants = { expiresAt: Infinity, allowsScope: () => true, allowsServer: () => true, allowsTool: () => true }
const identity = (subject: string): Identity => ({
  principal: { provider: 'key', subject, id: subject, grants },
  proof: subject,
})
const refusal: { readonly denied: Denial } = { denied: { stage: 'authenticate', code: 'KeyRevoked' } }

function provider(name: string, answer: () => MaybePromise<Authentication>, asked: string[]): Authenticator {
  return {
    name,
    authenticate: () => {
      asked.push(name)
      return answer()
    },
    revalidate: () => undefined,
  }
}

test('what is known at once is no promise', () => {
  const asked: string[] = []
  const auth = authentications([provider('a', () => identity('ada'), asked)], true)
  expect(auth.authenticate(request())).toEqual(identity('ada'))
})

test('providers are asked in their order, whether one has to be waited for or not, and the first that knows decides', async () => {
  const asked: string[] = []
  const auth = authentications(
    [
      provider('a', () => undefined, asked),
      provider('b', () => Promise.resolve(undefined), asked),
      provider('c', () => undefined, asked),
      provider('d', () => Promise.resolve(refusal), asked),
      provider('e', () => identity('eve'), asked),
    ],
    true,
  )
  expect(await auth.authenticate(request())).toEqual(refusal)
  expect(asked).toEqual(['a', 'b', 'c', 'd'])
})

test('a provider that fails is not passed over', async () => {
  const asked: string[] = []
  const failing = provider('a', () => Promise.reject(new Error('down')), asked)
  const auth = authentications([failing, provider('b', () => identity('bob'), asked)], true)
  await expect(auth.authenticate(request())).rejects.toThrow('down')
  expect(asked).toEqual(['a'])
})

test('two credentials that differ are a conflict before any provider is asked', () => {
  const asked: string[] = []
  const auth = authentications([provider('a', () => identity('ada'), asked)], true)
  expect(auth.authenticate(request({ hasConflict: true }))).toMatchObject({ denied: { code: 'CredentialConflict' } })
  expect(asked).toEqual([])
})

test.each([
  [true, 'Unauthenticated'],
  [false, 'NoAuthentication'],
])('a caller whom no provider knows is refused (any credential: %s)', (anyCredential, code) => {
  const auth = authentications([keyAuthenticator([], [])], anyCredential)
  expect(auth.authenticate(request())).toMatchObject({ denied: { code } })
  const { credential: _, ...without } = request()
  expect(auth.authenticate(without as IncomingRequest)).toMatchObject({ denied: { code } })
})

test('what clients are told is put together from what the providers accept', () => {
  const token = {
    noun: 'token',
    requirement: 'Send a token of https://id.example.',
    hint: 'a token of https://id.example',
    challenge: 'Bearer realm="bartizan"',
    headers: ['Authorization'],
  }
  const both = acceptedCredentials([apiKey, token])
  expect(both).toEqual({
    noun: 'API key or token',
    requirement: `${apiKey.requirement} Send a token of https://id.example.`,
    hint: 'send the API key as X-API-Key or Authorization: Bearer, or a token of https://id.example',
    challenge: 'ApiKey realm="bartizan", header="X-API-Key", Bearer realm="bartizan"',
    headers: ['Authorization', 'X-API-Key'],
  })
  expect(textFor('Send exactly one {credential}.', both)).toBe('Send exactly one API key or token.')
})
