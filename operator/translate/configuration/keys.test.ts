import { expect, test } from 'vitest'
import { translate } from '../index.ts'

const digest = `sha256:${'a'.repeat(64)}`

/** The digests that the gateway of a server is told, when this was found out of the Secret of a generated key. */
const digests = (uid: string): unknown => {
  const metadata = { name: 'robot', uid: 'second', generation: 1 }
  const spec = { generate: { secretName: 'robot-key' }, allowedServers: ['*'] }
  const { keys } = translate({
    standalone: false,
    namespace: 'default',
    documents: [{ apiVersion: 'mcp.gateway.io/v1', kind: 'APIKey', metadata, spec }],
    secrets: [],
    lastGood: [],
    generated: [{ apiKey: 'robot', uid, digest }],
  })
  return keys.keys.map(key => key.digests)
}

test('a generated key that was made for a former object of the same name lets nobody in', () => {
  expect(digests('first')).toEqual([])
  expect(digests('second')).toEqual([[digest]])
})
