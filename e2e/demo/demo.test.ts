import { existsSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { rows } from './rows.ts'
import { setUp, type Setting, type Stage } from './stage.ts'

let stage: Stage | undefined
afterEach(async () => stage?.clean())

/** Which rows of the demo go wrong. */
async function wrong(setting: Setting): Promise<string[]> {
  stage = await setUp({ port: 0, ...setting })
  const failed: string[] = []
  for (const { what, see } of rows) await see(stage).catch(() => failed.push(what))
  return failed
}

test('every row of the demo comes out as it should, with real servers and the SDK client', async () => {
  expect(await wrong({})).toEqual([])
})

test('a row of the demo goes wrong when the policy that it shows is not there', async () => {
  const weakened = (text: string): string =>
    text
      .replaceAll(/deniedTools: \[.*\]/g, 'deniedTools: []')
      .replace(/forbiddenKeywords: .*/, 'forbiddenKeywords: [nothing]')
      .replace('action: Redact', 'action: Warn')
  expect(await wrong({ edit: weakened })).toEqual([
    'a denied tool is neither shown nor callable',
    '"Nightingale" in an argument is blocked',
    'a token in a result is redacted',
  ])
})

test('the demo leaves nothing behind', async () => {
  const shown = await setUp({ port: 0 })
  const { box, state, gateway } = shown
  expect([existsSync(box), existsSync(state)]).toEqual([true, true])
  await shown.clean()
  expect([existsSync(box), existsSync(state)]).toEqual([false, false])
  expect(() => process.kill(gateway.pid, 0)).toThrow('ESRCH')
})
