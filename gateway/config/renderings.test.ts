import { expect, test } from 'vitest'
import { chosenRendering, knownSchemas, renderingName } from './renderings.ts'

const next = Math.max(...knownSchemas.gateway) + 1
const highest = renderingName('gateway', Math.max(...knownSchemas.gateway))

test('the highest number that is known is read, whatever else there is', () => {
  const names = ['keys.1.json', 'gateway.json', renderingName('gateway', next), highest]
  expect(chosenRendering(names, 'gateway')).toEqual({ name: highest })
})

test('without a number that is known the file without one is read', () => {
  expect(chosenRendering([renderingName('gateway', next), 'gateway.json'], 'gateway')).toEqual({ name: 'gateway.json' })
})

test('numbers that are all unknown are told, and so is that there is nothing', () => {
  expect(chosenRendering([`gateway.${next + 1}.json`, `gateway.${next}.json`], 'gateway')).toEqual({
    unknown: [next, next + 1],
  })
  expect(chosenRendering(['gateway.1.json.bak', '..data', 'xgateway.1.json', 'gateway.01.json'], 'gateway')).toBe(
    undefined,
  )
})
