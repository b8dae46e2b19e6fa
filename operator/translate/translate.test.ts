import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseGatewayConfig, parseKeysFile } from '../../gateway/config/index.ts'
import { mark, readSnapshot, shownOf } from './testing/golden.ts'
import { translate } from './index.ts'

const files = globSync(`${import.meta.dirname}/testdata/*.yaml`).sort()
const nameOf = (file: string): string => file.split('/').at(-1)!.replace('.yaml', '').replaceAll('-', ' ')

function inputOf(file: string): string {
  const text = readFileSync(file, 'utf8')
  return text.includes(mark) ? text.slice(0, text.indexOf(mark)) : text
}

describe('translate', () => {
  test.each(files.map(file => [nameOf(file), file]))('golden: %s', async (_, file) => {
    const input = inputOf(file)
    const output = translate(readSnapshot(input))
    await expect(input + mark + shownOf(input, output)).toMatchFileSnapshot(file)
  })

  test.each(files.map(file => [nameOf(file), file]))('the gateway accepts what comes out of: %s', (_, file) => {
    const { gateways } = translate(readSnapshot(inputOf(file)))
    for (const { gateway, keys } of gateways) {
      expect(parseGatewayConfig(JSON.stringify(gateway))).toEqual({ value: gateway })
      expect(parseKeysFile(JSON.stringify(keys))).toEqual({ value: keys })
    }
  })

  test('there are goldens for every kind', () => {
    const inputs = files.map(inputOf).join('\n')
    for (const kind of ['MCPServer', 'APIKey', 'GuardrailPolicy', 'MCPGateway'])
      expect(inputs).toContain(`kind: ${kind}\n`)
  })
})
