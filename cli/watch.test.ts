import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchEarly, watchFiles } from './watch.ts'

let folder = ''
let end = (): void => undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-'))
})
afterEach(() => {
  end()
  rmSync(folder, { recursive: true })
})

/** Resolves at the next change; a change that nobody sees lets the test run into its time limit. */
function changes(...paths: string[]): () => Promise<string> {
  let seen = Promise.withResolvers<void>()
  end = watchFiles(paths, () => seen.resolve())
  return async () => {
    await seen.promise
    seen = Promise.withResolvers()
    return 'changed'
  }
}

const at = (name: string): string => join(folder, name)

test('a file that is written, replaced, removed and made again is seen each time', async () => {
  writeFileSync(at('a.yaml'), '1')
  const change = changes(at('a.yaml'))
  writeFileSync(at('a.yaml'), '2')
  expect(await change()).toBe('changed')
  writeFileSync(at('new'), '3')
  renameSync(at('new'), at('a.yaml'))
  expect(await change()).toBe('changed')
  unlinkSync(at('a.yaml'))
  expect(await change()).toBe('changed')
  writeFileSync(at('a.yaml'), '4')
  expect(await change()).toBe('changed')
})

test('a folder tells of files that come, change and go', async () => {
  const change = changes(folder)
  writeFileSync(at('a.yaml'), '1')
  expect(await change()).toBe('changed')
  writeFileSync(at('a.yaml'), '2')
  expect(await change()).toBe('changed')
  unlinkSync(at('a.yaml'))
  expect(await change()).toBe('changed')
})

test('files behind a symbolic link are seen when the link turns to another folder, as a mounted ConfigMap does', async () => {
  for (const version of ['v1', 'v2']) {
    mkdirSync(at(version))
    writeFileSync(join(at(version), 'a.yaml'), version)
  }
  symlinkSync('v1', at('data'))
  symlinkSync(join('data', 'a.yaml'), at('a.yaml'))
  const change = changes(at('a.yaml'))
  symlinkSync('v2', at('next'))
  renameSync(at('next'), at('data'))
  expect(await change()).toBe('changed')
})

test('one burst of writes is one change, told after the last of them', async () => {
  writeFileSync(at('a.yaml'), '0')
  let count = 0
  const last = Promise.withResolvers<void>()
  end = watchFiles([at('a.yaml')], () => {
    count++
    last.resolve()
  })
  for (let write = 0; write < 20; write++) writeFileSync(at('a.yaml'), String(write))
  await last.promise
  expect(count).toBe(1)
})

test.each(['at once', 'later'])('a change between looking and acting is told when somebody acts %s', async when => {
  writeFileSync(at('a.yaml'), '1')
  const early = watchEarly([at('a.yaml')])
  writeFileSync(at('a.yaml'), '2')
  if (when === 'later') {
    const other = changes(at('a.yaml'))
    writeFileSync(at('a.yaml'), '3')
    await other()
  }
  const told = await new Promise(resolve => early.act(() => resolve('told')))
  early.end()
  expect(told).toBe('told')
})
