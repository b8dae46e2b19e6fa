import { afterAll, beforeAll, expect, test } from 'vitest'
import { mint } from '../../hack/minted.ts'
import type { Child } from '../conformance/child.ts'
import { startFixture, startGateway, type GatewayUnderTest } from '../conformance/endpoints.ts'
import { fixtureTools } from '../../hack/testing/tool-names.ts'
import type { Target } from './client.ts'
import { sdk1 } from './sdk-1.ts'
import { sdk2 } from './sdk-2.ts'

let fixture: Child
let gateway: GatewayUnderTest
let target: Target

beforeAll(async () => {
  fixture = await startFixture()
  gateway = await startGateway(`http://127.0.0.1:${fixture.port}/mcp`)
  target = { url: `http://127.0.0.1:${gateway.port}/mcp`, key: gateway.chain.key }
})

afterAll(async () => {
  await gateway.stop()
  await fixture.stop()
})

const clients = [sdk1, sdk2('legacy'), sdk2('auto')]

test.each(clients)('$name connects with nothing but URL and key, and sees every tool', async client => {
  const { tools } = await client.connect(target)
  expect(tools?.toSorted()).toEqual(fixtureTools.toSorted())
})

test.each(clients)('$name does not connect with another key', async client => {
  await expect(client.connect({ ...target, key: mint('api-key') })).rejects.toThrow(/API key is required|HTTP 401/)
})
