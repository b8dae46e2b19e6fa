import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseGatewayConfig, parseKeysFile } from '../../gateway/config/index.ts'
import { chainA } from './chain-a.ts'

test('the gateway accepts chain A as it is written', () => {
  const chain = chainA('http://127.0.0.1:3000/mcp')
  expect(parseGatewayConfig(JSON.stringify(chain.gateway))).toEqual({ value: chain.gateway })
  expect(parseKeysFile(JSON.stringify(chain.keys))).toEqual({ value: chain.keys })
})

test('the key of chain A is in no file of the configuration, only its digest', () => {
  const chain = chainA('http://127.0.0.1:3000/mcp')
  expect(JSON.stringify([chain.gateway, chain.keys])).not.toContain(chain.key.slice(-12))
  expect(chain.keys.keys[0]?.digests).toEqual([`sha256:${createHash('sha256').update(chain.key).digest('hex')}`])
})
